/*
 * The world of a campaign: two simulators (Weibo's keeps its state in a file and can be restarted), the daemon with its
 * shim, the control socket, and the intent log: JSON lines of what was asked, when, and what came back.
 *
 * Times are milliseconds of the platforms' clock. It is the real one but for world.ahead_ms, by which the clocks of
 * everybody are put forward together at the end, so that nobody has to wait an hour for a limit to end.
 */
#ifndef TESTS_CAMPAIGN_WORLD_H
#define TESTS_CAMPAIGN_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "core/attr.h"
#include "page.h"
#include "proto/client.h"

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_UNKNOWN };

struct world {
	const char *dir;
	int n_weibo, n_wechat;
	uint64_t dice;
	int64_t ahead_ms;
	/* programs */
	pid_t daemon, weibo, wechat, striker, locker;
	int weibo_port, wechat_port, callback_port;
	struct page *page;
	struct client *client;
	CURL *curl;
	int intents; /* descriptor, appended to by several processes */
	/* what happened, for the table */
	int64_t starts, deaths, planned, restarts, unanswered;
};

uint64_t world_random(struct world *world);
int64_t world_pick(struct world *world, int64_t limit); /* [0, limit) */
int64_t world_now_at(const struct world *world);
void world_pause(int64_t ms);

void world_open(struct world *world);
void world_close(struct world *world);
/* "weibo-3" or "wechat-1"; buffers are the caller's, 32 bytes. */
void world_account(const struct world *world, int64_t number, char *ret_name);

/* Start the daemon; point is a GAZETTE_DIE_AT or NULL. True when it answers. */
bool world_start(struct world *world, const char *point);
/* Is it there, and are we connected? When not: started again, without a point. */
bool world_ready(struct world *world);
/* After so many ms send a signal, and another one after some more (0: none). One at a time. */
void world_strike(struct world *world, int64_t after_ms, int signal, int64_t then_ms, int then_signal);
void world_stop_striker(struct world *world);
void world_kill(struct world *world, int signal);
void world_restart_weibo(struct world *world);
void world_lock_store(struct world *world, int64_t ms);
/* The daemon's clock is wrong by so much from now on. */
void world_set_clock(struct world *world, int64_t wrong_ms);
/* Everybody's clock goes forward. */
void world_forward(struct world *world, int64_t ms);

/* takes params; gives *ret_result where it is not NULL. */
enum answer world_call(struct world *world, const char *method, cJSON *params, cJSON **ret_result);
/* A request to the simulator of this account's platform (account NULL: Weibo's); body takes, NULL: GET. */
bool world_sim(struct world *world, const char *account, const char *path, cJSON *body, cJSON **ret_answer);
void world_forget_faults(struct world *world);
/* Where an address of the simulator redirects to; "" when it does not. */
void world_landing(struct world *world, const char *url, char *ret_url, size_t cap);

/* One line of the intent log; takes line. */
void world_log(struct world *world, const char *what, cJSON *line);
const char *answer_word(enum answer answer);

#endif
