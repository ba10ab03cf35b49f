/*
 * `post wait`: calls that are answered when every delivery of a post has come to rest (sent, failed, cancelled, held,
 * or unsure with nobody looking any more), or when their time is up. They look at the store again whenever an event of
 * one of the post's deliveries was committed, and never in between.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/verb.h"
#include "store/event.h"
#include "store/send.h"
#include "store/view.h"

struct wait {
	struct job job;
	struct daemon *daemon;
	struct call *call;
	struct post_id post;
	struct timer timer;
	cJSON *post_json; /* what the last look saw */
	bool looking;
	bool again; /* something happened while looking */
	bool time_up;
	struct wait *next; /* daemon.waits */
};

static void look(struct wait *wait);

static bool at_rest(const cJSON *delivery)
{
	const char *state = json_text(delivery, "state", "");

	return strcmp(state, "sent") == 0 || strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0 ||
	       strcmp(state, "held") == 0 || (strcmp(state, "unsure") == 0 && !json_get(delivery, "look_at"));
}

static void end(struct wait *wait, bool done, const struct error *err)
{
	struct wait **link = &wait->daemon->waits;
	const cJSON *delivery;
	cJSON *rows = json_array();

	while (*link != wait) {
		link = &(*link)->next;
	}
	*link = wait->next;
	timer_stop(wait->daemon->loop, &wait->timer);
	cJSON_ArrayForEach(delivery, json_get(wait->post_json, "deliveries"))
	{
		static const char *const kept[] = { "delivery", "account", "state", "hold", "url", "error" };
		cJSON *row = json_object();

		for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
			json_add_text(row, kept[i], json_text(delivery, kept[i], NULL));
		}
		json_push(rows, row);
	}
	wait->call->result = json_object();
	json_add_bool(wait->call->result, "done", done);
	json_add(wait->call->result, "deliveries", rows);
	call_finish(wait->call, err);
	cJSON_Delete(wait->post_json);
	free(wait);
}

static bool run_look(struct tx *tx, struct job *job, struct error *err)
{
	struct wait *wait = container_of(job, struct wait, job);

	cJSON_Delete(wait->post_json);
	wait->post_json = NULL;
	return view_post(tx, wait->post, &wait->post_json, err);
}

static void done_look(struct job *job, const struct error *err)
{
	struct wait *wait = container_of(job, struct wait, job);
	const cJSON *delivery;
	bool done = true;

	wait->looking = false;
	if (err) {
		end(wait, false, err);
		return;
	}
	cJSON_ArrayForEach(delivery, json_get(wait->post_json, "deliveries"))
	{
		done = done && at_rest(delivery);
	}
	if (done || wait->time_up || wait->daemon->stopping) {
		end(wait, done, NULL);
	} else if (wait->again) {
		look(wait);
	}
}

static void look(struct wait *wait)
{
	wait->looking = true;
	wait->again = false;
	wait->job = (struct job){ .run = run_look, .done = done_look };
	store_read(wait->daemon->store, &wait->job);
}

static void nudge(struct wait *wait)
{
	if (wait->looking) {
		wait->again = true;
	} else {
		look(wait);
	}
}

static void on_timer(struct timer *timer)
{
	struct wait *wait = container_of(timer, struct wait, timer);

	wait->time_up = true;
	nudge(wait);
}

void post_wait(struct call *call, struct post_id post, int64_t timeout_ms)
{
	struct wait *wait = xnew(struct wait);

	wait->daemon = call->daemon;
	wait->call = call;
	wait->post = post;
	wait->next = call->daemon->waits;
	call->daemon->waits = wait;
	timer_init(&wait->timer, on_timer);
	if (timeout_ms > 0) {
		timer_start(call->daemon->loop, &wait->timer, timeout_ms);
	}
	look(wait);
}

void post_waits_changed(struct daemon *daemon, const struct event *event)
{
	int64_t post = json_i64(event->detail, "post", 0);

	if (post == 0) {
		return;
	}
	for (struct wait *wait = daemon->waits; wait; wait = wait->next) {
		if (wait->post.v == post) {
			nudge(wait);
		}
	}
}

void post_waits_stop(struct daemon *daemon)
{
	for (struct wait *wait = daemon->waits; wait; wait = wait->next) {
		nudge(wait);
	}
}
