/// \file
/// Everything of midstream that needs no optional package. The floors of the house, each of which includes only what
/// stands below it in this list, from the ground up:
///
/// - `core`: shapes, packed sequences, parameters, products, random streams, parallelism, checks;
/// - `io`: safetensors, npy, CSV, checkpoints;
/// - `data`: spaces, packed episodes, data sets;
/// - `env`: environments, their experts, recording; the gridworld;
/// - `layer`: one layer a file, with forward, backward and step;
/// - `model`: residual stacks, Transformer, Hawk, autoregressive models;
/// - `control`: what reads and writes the residual stream: controllers, switches, the metacontroller;
/// - `train`: losses, optimisers, and the supervised stages as loops;
/// - `rl`: collecting, advantages, raw-action and internal RL, PPO;
/// - `analysis`: probes, switch alignment, what codes mean.
///
/// Not among them are core/openmp.hpp, which needs midstream::openmp, and the ant (env/ant_*.hpp),
/// which needs midstream::mujoco. Programs that care for compile time include the headers they use.
#pragma once

#include "midstream/analysis/alignment.hpp"
#include "midstream/analysis/batches.hpp"
#include "midstream/analysis/first_reached.hpp"
#include "midstream/analysis/inferred.hpp"
#include "midstream/analysis/injection.hpp"
#include "midstream/analysis/probe.hpp"
#include "midstream/analysis/steered_success.hpp"
#include "midstream/analysis/transplant.hpp"
#include "midstream/control/controllers.hpp"
#include "midstream/control/future.hpp"
#include "midstream/control/metacontroller.hpp"
#include "midstream/control/sight.hpp"
#include "midstream/control/supervised.hpp"
#include "midstream/control/switches.hpp"
#include "midstream/core/contract.hpp"
#include "midstream/core/parallel.hpp"
#include "midstream/core/parameters.hpp"
#include "midstream/core/product.hpp"
#include "midstream/core/random.hpp"
#include "midstream/core/sequences.hpp"
#include "midstream/core/tensor.hpp"
#include "midstream/data/dataset.hpp"
#include "midstream/data/episodes.hpp"
#include "midstream/data/look_ahead.hpp"
#include "midstream/data/spaces.hpp"
#include "midstream/env/batched.hpp"
#include "midstream/env/bayes.hpp"
#include "midstream/env/board.hpp"
#include "midstream/env/distances.hpp"
#include "midstream/env/environment.hpp"
#include "midstream/env/gridworld_pinpad.hpp"
#include "midstream/env/observations.hpp"
#include "midstream/env/record.hpp"
#include "midstream/env/shortest_path.hpp"
#include "midstream/env/tasks.hpp"
#include "midstream/io/checkpoint.hpp"
#include "midstream/io/csv.hpp"
#include "midstream/io/file.hpp"
#include "midstream/io/npy.hpp"
#include "midstream/io/safetensors.hpp"
#include "midstream/io/shape.hpp"
#include "midstream/layer/attention.hpp"
#include "midstream/layer/block_diagonal.hpp"
#include "midstream/layer/causal_convolution.hpp"
#include "midstream/layer/distribution.hpp"
#include "midstream/layer/embedding.hpp"
#include "midstream/layer/feedforward.hpp"
#include "midstream/layer/gelu.hpp"
#include "midstream/layer/gru.hpp"
#include "midstream/layer/hawk.hpp"
#include "midstream/layer/layer.hpp"
#include "midstream/layer/linear.hpp"
#include "midstream/layer/mlp.hpp"
#include "midstream/layer/norm.hpp"
#include "midstream/layer/residual.hpp"
#include "midstream/layer/rg_lru.hpp"
#include "midstream/layer/shift.hpp"
#include "midstream/model/autoregressive.hpp"
#include "midstream/model/hawk.hpp"
#include "midstream/model/stack.hpp"
#include "midstream/model/transformer.hpp"
#include "midstream/rl/actor_critic.hpp"
#include "midstream/rl/actor_expert.hpp"
#include "midstream/rl/advantages.hpp"
#include "midstream/rl/clipped_surrogate.hpp"
#include "midstream/rl/collect.hpp"
#include "midstream/rl/gae.hpp"
#include "midstream/rl/internal.hpp"
#include "midstream/rl/normaliser.hpp"
#include "midstream/rl/ppo.hpp"
#include "midstream/rl/reinforce.hpp"
#include "midstream/rl/steered_rollout.hpp"
#include "midstream/train/adamw.hpp"
#include "midstream/train/clip.hpp"
#include "midstream/train/learner.hpp"
#include "midstream/train/muon.hpp"
#include "midstream/train/objectives.hpp"
#include "midstream/train/optimiser.hpp"
#include "midstream/train/schedule.hpp"
#include "midstream/train/stages.hpp"
