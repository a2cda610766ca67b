// What the cases include of others, compiled once: it is most of what there is to parse.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>
