/*
 * Every cap on what somebody outside can make us hold, wait for or read, in one place. Platform limits
 * (lengths of posts, sizes of pictures) are not here but in the drivers, with their sources.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

/* control socket */
#define LIMIT_FRAME_BYTES          (16u << 20) /* an import, or a picture of 5 MB in base64 */
#define LIMIT_FRAME_UNKNOWN_BYTES  4096u       /* before hello */
#define LIMIT_ANSWER_BYTES         (16u << 20)
#define LIMIT_CLIENTS              128u
#define LIMIT_CLIENT_BACKLOG_BYTES (16u << 20)  /* a monitor that does not read is dropped at this */
#define LIMIT_CLIENT_UNREAD_BYTES  (128u << 10) /* of answers: then no more questions are read */
#define LIMIT_CLIENTS_BYTES        (64u << 20)  /* buffered for all connections together */
#define LIMIT_CLIENT_CALLS         32u          /* calls in work per connection */
#define LIMIT_JSON_DEPTH           32u

/* what people give us */
#define LIMIT_POST_BYTES        (64u << 10)
#define LIMIT_TITLE_BYTES       512u
#define LIMIT_KEY_BYTES         200u
#define LIMIT_MEDIA_BYTES       (5u << 20)
#define LIMIT_MEDIA_PER_POST    9u
#define LIMIT_TARGETS_PER_POST  1000u
#define LIMIT_IMPORT_ROWS       10000u
#define LIMIT_IDS               10000u /* named in one command */
#define LIMIT_IMPORT_BYTES      (12u << 20)
#define LIMIT_REPLY_BYTES       (8u << 10)
#define LIMIT_REASON_BYTES      1000u
#define LIMIT_PAGE_ROWS         500u
#define LIMIT_PAGE_ROWS_DEFAULT 50u

/* what platforms and citizens give us */
#define LIMIT_HTTP_ANSWER_BYTES (4u << 20)
#define LIMIT_HTTP_HEADER_BYTES (64u << 10)
#define LIMIT_MESSAGE_BYTES     (32u << 10)
#define LIMIT_NAME_BYTES        256u
#define LIMIT_REMOTE_ID_BYTES   128u
#define LIMIT_PULL_PAGES        50u /* pages of one poll; the rest waits for the next */
#define LIMIT_PULL_ITEMS        1000u

#define LIMIT_PUSH_BYTES          (256u << 10) /* a push in compatible mode is three times its text */
#define LIMIT_PUSH_CONNECTIONS    512u
#define LIMIT_PUSH_TOTAL_BYTES    (16u << 20) /* of all that come in together */
#define LIMIT_PUSH_IDLE_SECONDS   10u
#define LIMIT_PUSH_WHOLE_SECONDS  10u /* the platforms give up after 5 */
#define LIMIT_XML_BYTES           (1u << 20)
#define LIMIT_XML_TEXT_BYTES      (256u << 10) /* of one element */
#define LIMIT_XML_NAME_BYTES      128u
#define LIMIT_XML_DEPTH           16u
#define LIMIT_XML_ELEMENTS        2000u
#define LIMIT_XML_ATTRIBUTES      16u         /* of one element */
#define LIMIT_CITIZEN_MEDIA_BYTES (20u << 20) /* a picture, voice or video that came with a message */

/* files */
#define LIMIT_CONFIG_BYTES (32u << 20)
#define LIMIT_CONFIG_DEPTH 16u
#define LIMIT_ACCOUNTS     50000u
#define LIMIT_RULES        20000u
#define LIMIT_SECRET_BYTES 4096u

/* the spine */
#define LIMIT_JOBS_PER_COMMIT   256u
#define LIMIT_INTAKE_PER_COMMIT 64u
#define LIMIT_JOBS_WAITING      100000u
#define LIMIT_READ_MS           5000 /* a search or a report */
#define LIMIT_SENDS_IN_FLIGHT   64u  /* per platform host */
#define LIMIT_PULLS_RUNNING     256u /* polls at the same time; one that a person asked for is not counted out */
#define LIMIT_CHECKS_RUNNING    64u  /* of tokens, by ourselves */
#define LIMIT_HOOKS_RUNNING     16u
#define LIMIT_HOOKS_URGENT      8u /* more of them, for those that are about a life */
#define LIMIT_HOOK_MS           30000

#endif
