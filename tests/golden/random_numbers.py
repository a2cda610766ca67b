"""midstream's random streams (include/midstream/core/random.hpp; Philox4x32-10 of Salmon et al. 2011) in Python."""
import math

MASK = 0xFFFFFFFF


def philox(key, low, high):
    counter = [low & MASK, low >> 32, high & MASK, high >> 32]
    k0, k1 = key & MASK, key >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(p1 >> 32) ^ counter[1] ^ k0, p1 & MASK, (p0 >> 32) ^ counter[3] ^ k1, p0 & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return counter


class Random:
    def __init__(self, key):
        self.key, self.counter = key, 0

    def fork(self, index):
        words = philox(self.key, index, 0x6D69647374726561)
        return Random(words[1] << 32 | words[0])

    def uniform(self):
        word = philox(self.key, self.counter >> 2, 0)[self.counter & 3]
        self.counter += 1
        return word * 2.0**-32

    def normal(self):
        u, v = 1 - self.uniform(), self.uniform()
        return math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)
