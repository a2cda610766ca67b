// first: the segment model's sizes (SegmentShape) need at least one number each
#include "midstream/control/segment_model.hpp"
#include "world.hpp"

using Mistaken = ms::control::SegmentModel<Base, ms::control::SegmentShape{.read = 1, .write = 1, .segments = 0}>;
Mistaken::Options options;
