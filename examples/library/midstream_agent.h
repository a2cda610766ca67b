/* A trained agent for programs in C, and in every language that calls C. The library that defines these functions is made
 * of one hierarchy (agent.cpp); its file is what the stage `agent` of the gridworld's preset demo writes. */
#ifndef MIDSTREAM_AGENT_H
#define MIDSTREAM_AGENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct midstream_agent midstream_agent;

/* Entries of an observation and of an action. Indices are whole numbers. */
int midstream_agent_observation_width(void);
int midstream_agent_action_width(void);

/* An agent from the contents of its file, which need not outlive the call. NULL where it is damaged or of other types: then
 * `message`, unless it is NULL, holds why, cut to `message_size`. */
midstream_agent* midstream_agent_create(const void* file, size_t size, char* message, size_t message_size);
void midstream_agent_destroy(midstream_agent* agent);

/* Begins an episode; the same seed and observations give the same actions. 0, or nonzero without memory. */
int midstream_agent_reset(midstream_agent* agent, uint64_t seed);
/* One step. 0, or the number of a fault, of which midstream_agent_fault has the words; the action is then zero. */
int midstream_agent_act(midstream_agent* agent, const float* observation, float* action);
const char* midstream_agent_fault(int number);
/* Whether the last step took a new code. */
int midstream_agent_opened(const midstream_agent* agent);

#ifdef __cplusplus
}
#endif
#endif
