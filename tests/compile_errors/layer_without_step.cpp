// expect: Layer
// expect: step
#include "midstream/layer/linear.hpp"

namespace ms = midstream;

// All of a layer but `step`.
struct Half {
    static constexpr int input_width = 2, output_width = 2;
    template <class T>
    struct Parameters : ms::core::NoParameters {};
    template <class T>
    struct Tape {};
    template <class T>
    struct State {};
    template <class T>
    static void initialise(Parameters<T>&, ms::core::Random&) {}
    template <class T>
    static void forward(const Parameters<T>&, ms::core::Sequences, ms::core::In<T, 2>, ms::core::Out<T, 2>, Tape<T>&) {}
    template <class T, class Gradient>
    static void backward(const Parameters<T>&, ms::core::Sequences, ms::core::In<T, 2>, Tape<T>&, ms::core::In<T, 2>,
                         ms::core::Out<T, 2>, Gradient&&) {}
    template <class T>
    static void reset(State<T>&) {}
};

template <ms::layer::Layer L>
int width() {
    return L::output_width;
}

int result = width<Half>();
