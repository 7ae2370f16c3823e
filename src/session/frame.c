#include "session/frame.h"

static const struct {
    const char *name;
    size_t max;
} types[] = {
    [FRAME_HELLO] = {"hello", FRAME_SMALL_MAX},    [FRAME_CHALLENGE] = {"challenge", 512},
    [FRAME_ANSWER] = {"answer", FRAME_ANSWER_MAX}, [FRAME_VERDICT] = {"verdict", 16},
    [FRAME_DATA] = {"data", FRAME_DATA_MAX},       [FRAME_CLOSE] = {"close", 16},
};

const char *frame_name(unsigned type)
{
    return type < sizeof types / sizeof *types ? types[type].name : NULL;
}

size_t frame_max(frame_type type)
{
    return types[type].max;
}

void frame_put_head(uint8_t *head, frame_type type, size_t payload_n)
{
    head[0] = (uint8_t)type;
    head[1] = (uint8_t)(payload_n >> 16);
    head[2] = (uint8_t)(payload_n >> 8);
    head[3] = (uint8_t)payload_n;
}
