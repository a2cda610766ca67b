// An environment, an expert and a mixer of our own; the rest is midstream. A model is pretrained on an expert whose
// goals it is not told, then learns from sparse reward what the sign means that tells them. `corridor 0.01` does 1%.
#include <cstdio>
#include <midstream/core/openmp.hpp>
#include <midstream/midstream.hpp>
namespace ms = midstream;
using ms::core::Buffer, ms::core::In, ms::core::map, ms::core::Out, ms::core::Random, ms::core::Sequences;

/// A corridor with a key and a door of every colour. Taking the key of the wanted colour and then opening the door of
/// that colour earns 1; taking or opening anything else ends the episode. Only the first observation has the sign.
struct Corridor {
    static constexpr int length = 9, colours = 3, objects = 2 * colours, places = 2 * length - 1, horizon = 20;
    using Observation = ms::data::OneHots<objects * places + colours + 1, objects + 1>;
    using Action = ms::data::Categories<3>;  // left, right, take or open

    bool sign = true;                ///< whether the first observation tells the wanted colour
    std::array<int, length> cell{};  ///< of each key and then each door; the rest is empty
    int agent = length / 2, wanted = 0, steps = 0;
    bool held = false;  ///< whether the key has been taken; it is then seen where the agent is

    void reset(Random random) {
        *this = {.sign = sign, .wanted = random.below(colours)};
        std::iota(cell.begin(), cell.end(), 0);
        for (int i = length - 1; i > 0; --i) std::swap(cell[i], cell[random.below(i + 1)]);
    }
    int goal() const { return cell[held ? colours + wanted : wanted]; }
    void observe(std::int16_t* row) const {
        for (int i = 0; i < objects; ++i) row[i] = static_cast<std::int16_t>(i * places + cell[i] - agent + length - 1);
        row[objects] = static_cast<std::int16_t>(objects * places + (sign && steps == 0 ? wanted : colours));
    }
    ms::env::Transition step(const std::int16_t* action) {
        if (*action == 2 && agent != goal()) return {0, true};
        if (*action == 2 && std::exchange(held, true)) return {1, true};
        if (*action != 2) agent = std::clamp(agent + 2 * *action - 1, 0, length - 1);
        if (held) cell[wanted] = agent;
        return {0, ++steps == horizon};
    }
};
struct Expert {
    std::array<std::int16_t, 1> act(const Corridor& world, Random&) const {
        return {static_cast<std::int16_t>(world.agent == world.goal() ? 2 : world.agent < world.goal())};
    }
};

/// h_t = a h_{t-1} + (1 - a) x_t, h_0 = 0, channel by channel with a = sigmoid(a parameter). The output is h_t.
/// (Gradients, and that step agrees with forward, are checked in tests/examples/corridor.cpp.)
template <int Width>
struct MovingAverage {
    static constexpr int input_width = Width, output_width = Width;
    template <class T>
    using Parameters = ms::core::Vector<T, Width>;
    template <class T>
    using Tape = Buffer<T, Width>;  // h_t
    template <class T>
    using State = ms::core::Vector<T, Width>;  // h_t
    template <class T>
    static void initialise(Parameters<T>& p, Random& random) {
        for (T& value : p.values) value = static_cast<T>(2 * random.normal());
    }
    template <class T>
    static void forward(const Parameters<T>& p, Sequences sequences, In<T, Width> x, Out<T, Width> y, Tape<T>& h) {
        const auto a = map(p).array().logistic().eval();
        for (int s = 0; s < sequences.count(); ++s)
            for (int i = 0, t = sequences.row(s); i < sequences.length(s); ++i, ++t) {
                map_row(y, t) = (1 - a) * map_row(x, t).array();
                if (i > 0) map_row(y, t).array() += a * map_row(y, t - 1).array();
            }
        map(h.resize(x.count)) = map(y);
    }
    template <class T, class Gradient>
    static void backward(const Parameters<T>& p, Sequences sequences, In<T, Width> x, Tape<T>& h, In<T, Width> dy,
                         Out<T, Width> dx, Gradient&& gradient) {
        const auto a = map(p).array().logistic().eval();
        for (int s = 0; s < sequences.count(); ++s) {
            auto dh = (0 * a).eval(), da = dh;
            for (int i = sequences.length(s) - 1, t = sequences.row(s) + i; i >= 0; --i, --t) {
                dh = a * dh + map_row(dy, t).array();
                da -= dh * map_row(x, t).array();
                if (i > 0) da += dh * map_row(h.view(), t - 1).array();
                if (dx) map_row(dx, t).array() += (1 - a) * dh;
            }
            if constexpr (ms::core::trainable<Gradient>) map(gradient).array() += a * (1 - a) * da;
        }
    }
    static void reset(auto& state) { state = {}; }
    template <class T, class StateOf>
    static void step(const Parameters<T>& p, StateOf&& state_of, In<T, Width> x, Out<T, Width> y, Tape<T>&) {
        const auto a = map(p).array().logistic().eval();
        for (int i = 0; i < x.count; ++i)
            map_row(y, i) = map(state_of(i)) = a * map(state_of(i)).array() + (1 - a) * map_row(x, i).array();
    }
};

using Recurrent = ms::layer::PreNormBlock<MovingAverage<32>, ms::layer::Mlp<32, 64>>;
constexpr ms::model::TransformerShape shape{.width = 32, .heads = 2, .mlp = 64, .context = Corridor::horizon};
using Attention = ms::model::TransformerBlock<shape>;
using Stack = ms::model::Stack<Recurrent, Attention>;
using Model = ms::model::Autoregressive<Corridor::Observation, Corridor::Action, Stack>;
using Learner = ms::train::Learner<Model::Parameters<float>, ms::train::AdamW>;

int main(int argc, char** argv) {
    const double budget = argc > 1 ? std::atof(argv[1]) : 1;
    const ms::core::OpenMP parallel;
    Learner learner;
    Model::initialise(*learner.parameters, Random(1));
    const ms::train::PretrainOptions options{.steps = 1 + static_cast<int>(600 * budget), .batch = 64};
    const ms::train::LinearDecay rate{.from = 3e-3, .last = options.steps};
    double nll = 0;
    ms::train::pretrain<Model>(parallel, learner, ms::train::recorder(Corridor{.sign = false}, Expert{}), options, rate,
                               Random(2), [&](auto, auto sums) { return nll = sums.action / sums.steps, true; });
    std::printf("pretrained to %.3f nats a step\nepisodes  success\n", nll);
    ms::env::Batched batch(Corridor{.sign = true});
    ms::rl::ClippedPolicyGradient<decltype(batch), Model, Learner> policy_gradient(batch, learner,
                                                                                   {.batch = 512, .epochs = 4});
    for (int i = 0; i <= 50 * budget; ++i) {
        const auto result = policy_gradient.update(parallel, 1e-3, Random(3));
        if (i % 10 == 0) std::printf("%8d %8.3f\n", 512 * i, result.success);
    }
    return 0;
}
