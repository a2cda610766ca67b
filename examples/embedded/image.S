/* The image of the agent in read-only memory, where it is used. IMAGE is the path of what embedded_export wrote. */
    .section .rodata.agent_image, "a"
    .balign 64
    .global agent_image, agent_image_end
agent_image:
    .incbin IMAGE
agent_image_end:
    .section .note.GNU-stack, "", %progbits
