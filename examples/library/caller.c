/* Lets an agent act on one observation for some steps, and prints what it does: caller FILE OBSERVATION... */
#include <stdio.h>
#include <stdlib.h>

#include "midstream_agent.h"

int main(int argc, char** argv) {
    char message[256];
    float observation[1024], action[64];
    FILE* file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return fprintf(stderr, "usage: caller FILE OBSERVATION...\n"), 2;
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    void* contents = malloc((size_t)size);
    if (contents == NULL || fread(contents, 1, (size_t)size, file) != (size_t)size) return 2;
    fclose(file);
    midstream_agent* agent = midstream_agent_create(contents, (size_t)size, message, sizeof message);
    free(contents);
    if (agent == NULL) return fprintf(stderr, "%s\n", message), 1;
    for (int i = 0; i < midstream_agent_observation_width() && i < 1024; ++i)
        observation[i] = i + 2 < argc ? strtof(argv[i + 2], NULL) : -1;
    midstream_agent_reset(agent, 1);
    for (int step = 0; step < 8; ++step) {
        const int fault = midstream_agent_act(agent, observation, action);
        if (fault != 0) return fprintf(stderr, "%s\n", midstream_agent_fault(fault)), 1;
        printf("%g%s\n", action[0], midstream_agent_opened(agent) ? " new code" : "");
    }
    midstream_agent_destroy(agent);
    return 0;
}
