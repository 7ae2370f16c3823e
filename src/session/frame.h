#ifndef SESSION_FRAME_H
#define SESSION_FRAME_H

#include "base/error.h"
#include "base/reader.h"

/* Frames of ratls/1 [doc/BINDING.md, Frames]: type (1), length of the payload (3), payload. */
typedef enum frame_type {
    FRAME_HELLO = 1,
    FRAME_CHALLENGE,
    FRAME_ANSWER,
    FRAME_VERDICT,
    FRAME_DATA,
    FRAME_CLOSE
} frame_type;

enum {
    FRAME_HEAD = 4,
    FRAME_SMALL_MAX = 1024, /* payload of the longest frame that is neither answer nor data */
    FRAME_ANSWER_MAX = 65536,
    FRAME_DATA_MAX = 16380
};

/* "hello", …; NULL if there is no such type. Static. */
const char *frame_name(unsigned type);

/* What a payload of this type may have at most. */
size_t frame_max(frame_type type);

/* Writes the head into 4 bytes. */
void frame_put_head(uint8_t *head, frame_type type, size_t payload_n);

#endif
