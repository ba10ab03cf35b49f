/*
 * Pictures, voices and videos that came with messages: fetched soon, because the platform forgets them after days, and
 * kept as files outside the database, named by the SHA-256 of their bytes (STATE/media/ab/abcdef...). One at a time:
 * nothing a citizen sends is worth a burst. And nothing is fetched while the disk is nearly full: what room is left is
 * for words, and anybody can send pictures.
 *
 * A file is whole and on disk before its row says that it is there. Purged ones are deleted when no other message has
 * the same file, and at the start those that a crash has left without a row.
 *
 * The files have one user at a time: a fetch, the deleting of purged ones, or the clearing up at the start. For what is
 * written and not yet in its row looks as if it were nobody's.
 */
#include <inttypes.h>
#include <sys/statvfs.h>

#include "codec/digest.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/media_files.h"
#include "daemon/ops.h"
#include "store/contact.h"
#include "store/media.h"

#define TRIES_MAX      6
#define RETRY_FIRST_MS (30 * SECOND_MS)
#define RETRY_MAX_MS   (6 * HOUR_MS)
#define PURGE_EVERY_MS HOUR_MS
#define PURGE_AT_ONCE  50
#define LATER_MS       (10 * MINUTE_MS)
#define ROOM_BYTES     (UINT64_C(1) << 30) /* that stays free, or a sixteenth of a smaller disk */

struct fetcher {
	struct daemon *daemon;
	struct due due;      /* ids are media */
	struct fetch *fetch; /* the one that is out; NULL: none */
	struct heap waiting; /* due, while somebody else has the files */
	struct timer timer;
	struct log_pace waits;
	struct purge *purge; /* NULL: none is under way */
	struct sweep *sweep; /* NULL: it is over */
};

struct fetch {
	struct job job;
	struct fetcher *fetcher;
	struct medium_row row;
	int64_t id;
	struct op_run run;
	struct message_media medium;
	struct buf bytes;
	char *mime;
	char sha256[65];
	struct error error; /* advice set: it failed */
	int64_t next_at;
};

struct purge {
	struct job job;
	struct fetcher *fetcher;
	int64_t before_at;
	struct contact_purged purged;
	bool waits;   /* for the files */
	bool deletes; /* has them */
	char **hashes;
	size_t n;
	struct error undeleted; /* advice set: of a file that could not be deleted */
};

struct sweep {
	struct job job;
	struct fetcher *fetcher;
	struct media_sweep files;
	bool more;
};

static void next_turn(struct fetcher *fetcher);

static void fetch_end(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;

	op_run_finish(&fetch->run);
	medium_row_finish(&fetch->row);
	buf_finish(&fetch->bytes);
	free(fetch->mime);
	free(fetch);
	fetcher->fetch = NULL;
	next_turn(fetcher);
}

/* ---- writing it down ---- */

static bool run_record(struct tx *tx, struct job *job, struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	return fetch->error.advice
		       ? medium_failed(tx, fetch->id, fetch->error.message, fetch->next_at, err)
		       : medium_fetched(tx, fetch->id, fetch->sha256, (int64_t)fetch->bytes.n, fetch->mime, err);
}

static void done_record(struct job *job, const struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	if (err) {
		log_warn("media.unrecorded medium=%" PRId64 " error=%s", fetch->id, log_text(err->message));
		due_add(&fetch->fetcher->due, loop_now_at(fetch->fetcher->daemon->loop) + RETRY_FIRST_MS, fetch->id);
	} else if (fetch->error.advice) {
		log_warn("media.unfetched medium=%" PRId64 " error=%s action=%s", fetch->id,
			log_text(fetch->error.message), fetch->next_at ? "again later" : "given up");
	} else {
		log_info("media.fetched medium=%" PRId64 " bytes=%zu", fetch->id, fetch->bytes.n);
	}
	fetch_end(fetch);
}

static void record(struct fetch *fetch)
{
	fetch->job = (struct job){ .run = run_record, .done = done_record };
	store_write(fetch->fetcher->daemon->store, &fetch->job);
}

static void fail(struct fetch *fetch, const struct error *err)
{
	bool enough = fetch->row.tries + 1 >= TRIES_MAX || err->advice == ADVISE_REJECT;
	int64_t wait_ms = err->advice == ADVISE_WAIT && err->retry_ms > 0
				  ? err->retry_ms
				  : RETRY_FIRST_MS << (fetch->row.tries < 8 ? 2 * fetch->row.tries : 16);

	fetch->error = *err;
	if (!fetch->error.advice) {
		fetch->error.advice = ADVISE_RETRY;
	}
	if (wait_ms > RETRY_MAX_MS) {
		wait_ms = RETRY_MAX_MS;
	}
	fetch->next_at = enough ? 0 : loop_now_at(fetch->fetcher->daemon->loop) + wait_ms;
	record(fetch);
}

/* ---- the file ---- */

static bool run_file(struct tx *tx unused_arg, struct job *job, struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	digest_hex(buf_str(&fetch->bytes), fetch->sha256);
	return media_file_write(fetch->fetcher->daemon->state_dir, fetch->sha256, buf_str(&fetch->bytes), err);
}

static void done_file(struct job *job, const struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	if (err) {
		fail(fetch, err);
	} else {
		record(fetch);
	}
}

/* ---- fetching ---- */

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct fetch *fetch = container_of(run, struct fetch, run);
	struct daemon *daemon = fetch->fetcher->daemon;

	switch (outcome->kind) {
	case OUTCOME_NEXT:
		op_run_next(run, daemon, on_outcome);
		return;
	case OUTCOME_ERROR:
		if (outcome->error.advice == ADVISE_REAUTH) {
			struct account *account = daemon_account(daemon, fetch->row.account);

			if (account) {
				(void)renew_suspect(daemon, account, &run->token);
			}
		}
		fail(fetch, &outcome->error);
		return;
	case OUTCOME_DONE:
		buf_finish(&fetch->bytes);
		fetch->bytes = outcome->media;
		outcome->media = (struct buf){ 0 };
		fetch->mime = steal(&outcome->media_type);
		fetch->job = (struct job){ .run = run_file, .done = done_file };
		store_read(daemon->store, &fetch->job);
		return;
	}
}

static bool has_room(const struct fetcher *fetcher)
{
	struct statvfs fs;
	uint64_t keep;

	if (statvfs(fetcher->daemon->state_dir, &fs) != 0) {
		return true; /* writing it will tell */
	}
	keep = (uint64_t)fs.f_blocks * fs.f_frsize / 16;
	keep = keep < ROOM_BYTES ? keep : ROOM_BYTES;
	return (uint64_t)fs.f_bavail * fs.f_frsize >= keep + LIMIT_CITIZEN_MEDIA_BYTES;
}

static void fetch_later(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;

	due_add(&fetcher->due, loop_now_at(fetcher->daemon->loop) + LATER_MS, fetch->id);
	fetch_end(fetch);
}

static bool run_load(struct tx *tx, struct job *job, struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);

	return medium_load(tx, fetch->id, &fetch->row, err);
}

static void done_load(struct job *job, const struct error *err)
{
	struct fetch *fetch = container_of(job, struct fetch, job);
	struct daemon *daemon = fetch->fetcher->daemon;
	struct account *account = err ? NULL : daemon_account(daemon, fetch->row.account);

	if (err || !fetch->row.open || daemon->stopping) {
		fetch_end(fetch);
		return;
	}
	if (!account || !account_hears(account)) {
		fetch_later(fetch);
		return;
	}
	if (!has_room(fetch->fetcher)) {
		int64_t more;

		if (log_pace(&fetch->fetcher->waits, clock_mono(), &more)) {
			log_warn("media.waits medium=%" PRId64 " action=%s", fetch->id,
				log_text("the disk is nearly full: nothing is fetched until there is room"));
		}
		fetch_later(fetch);
		return;
	}
	op_run_init(&fetch->run, account->driver, OP_MEDIA, account->config, daemon->rules, &account->token,
		account->remote_uid);
	fetch->medium = (struct message_media){ .type = fetch->row.type, .remote_id = fetch->row.remote_id };
	fetch->run.op.media = &fetch->medium;
	op_run_next(&fetch->run, daemon, on_outcome);
}

static void begin(struct fetcher *fetcher, int64_t id)
{
	struct fetch *fetch = xnew(struct fetch);

	fetch->fetcher = fetcher;
	fetch->id = id;
	fetcher->fetch = fetch;
	fetch->job = (struct job){ .run = run_load, .done = done_load };
	store_read(fetcher->daemon->store, &fetch->job);
}

static void on_due(struct due *due, int64_t at, int64_t id)
{
	struct fetcher *fetcher = container_of(due, struct fetcher, due);

	if (fetcher->daemon->stopping) {
		return; /* armed again at the next start */
	}
	heap_push(&fetcher->waiting, at, id);
	next_turn(fetcher);
}

/* ---- the purge ---- */

static void purge_clear(struct purge *purge)
{
	while (purge->n > 0) {
		free(purge->hashes[--purge->n]);
	}
	free(purge->hashes);
	purge->hashes = NULL;
}

static void purge_end(struct purge *purge)
{
	struct fetcher *fetcher = purge->fetcher;

	fetcher->purge = NULL;
	purge_clear(purge);
	free(purge);
	next_turn(fetcher);
}

static bool run_forget(struct tx *tx, struct job *job, struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	for (size_t i = 0; i < purge->n; i++) {
		if (!media_forget(tx, purge->hashes[i], err)) {
			return false;
		}
	}
	return true;
}

static void done_forget(struct job *job, const struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	if (err) {
		log_warn("media.unforgotten error=%s", log_text(err->message));
	} else if (purge->n > 0) {
		log_info("media.deleted files=%zu", purge->n);
	}
	purge_end(purge);
}

/* First the file, then its name: what a crash leaves is deleted again, and so is what could not be. */
static bool run_delete(struct tx *tx, struct job *job, struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);
	size_t n = 0;

	purge_clear(purge);
	error_clear(&purge->undeleted);
	if (!media_purged(tx, &purge->hashes, &purge->n, err)) {
		return false;
	}
	for (size_t i = 0; i < purge->n; i++) {
		if (media_file_delete(purge->fetcher->daemon->state_dir, purge->hashes[i], &purge->undeleted)) {
			purge->hashes[n++] = purge->hashes[i];
		} else {
			free(purge->hashes[i]);
		}
	}
	purge->n = n;
	return true;
}

static void done_delete(struct job *job, const struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	if (!err && purge->undeleted.advice) {
		log_warn("media.undeleted error=%s", log_text(purge->undeleted.message));
	}
	if (err || purge->n == 0) {
		purge_end(purge);
		return;
	}
	purge->job = (struct job){ .run = run_forget, .done = done_forget };
	store_write(purge->fetcher->daemon->store, &purge->job);
}

static void delete_files(struct purge *purge)
{
	purge->waits = false;
	purge->deletes = true;
	purge->job = (struct job){ .run = run_delete, .done = done_delete };
	store_read(purge->fetcher->daemon->store, &purge->job);
}

static bool run_purge(struct tx *tx, struct job *job, struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	const struct contact_purge what = {
		.actor = &actor_daemon, .before_at = purge->before_at, .limit = PURGE_AT_ONCE
	};

	return contact_purge(tx, &what, &purge->purged, err);
}

static void done_purge(struct job *job, const struct error *err)
{
	struct purge *purge = container_of(job, struct purge, job);

	if (err) {
		log_warn("retention.unpurged error=%s", log_text(err->message));
		purge_end(purge);
		return;
	}
	if (purge->purged.citizens > 0) {
		log_info("retention.purged citizens=%" PRId64, purge->purged.citizens);
	}
	purge->waits = true;
	next_turn(purge->fetcher);
}

static void start_purge(struct fetcher *fetcher)
{
	struct daemon *daemon = fetcher->daemon;
	struct purge *purge;

	if (fetcher->purge || daemon->stopping) {
		return;
	}
	purge = xnew(struct purge);
	fetcher->purge = purge;
	purge->fetcher = fetcher;
	purge->before_at = loop_now_at(daemon->loop) - daemon->rules->config->retention_ms;
	purge->job = (struct job){ .run = run_purge, .done = done_purge };
	store_write(daemon->store, &purge->job);
}

/* ---- clearing up at the start ---- */

static bool run_sweep(struct tx *tx, struct job *job, struct error *err)
{
	struct sweep *sweep = container_of(job, struct sweep, job);

	return media_sweep_step(&sweep->files, tx, &sweep->more, err);
}

static void sweep_on(struct sweep *sweep);

static void done_sweep(struct job *job, const struct error *err)
{
	struct sweep *sweep = container_of(job, struct sweep, job);
	struct fetcher *fetcher = sweep->fetcher;

	if (!err && sweep->more && !fetcher->daemon->stopping) {
		sweep_on(sweep);
		return;
	}
	if (err || sweep->files.undeleted.advice) {
		log_warn("media.unswept error=%s action=%s",
			log_text(err ? err->message : sweep->files.undeleted.message),
			log_text("again at the next start"));
	}
	if (sweep->files.deleted > 0) {
		log_info("media.swept files=%" PRId64, sweep->files.deleted);
	}
	media_sweep_finish(&sweep->files);
	free(sweep);
	fetcher->sweep = NULL;
	next_turn(fetcher);
}

/* Step by step, so that what else is read does not wait for it. */
static void sweep_on(struct sweep *sweep)
{
	sweep->job = (struct job){ .run = run_sweep, .done = done_sweep };
	store_read(sweep->fetcher->daemon->store, &sweep->job);
}

static void start_sweep(struct fetcher *fetcher)
{
	struct sweep *sweep = xnew(struct sweep);

	fetcher->sweep = sweep;
	sweep->fetcher = fetcher;
	sweep->files.state_dir = fetcher->daemon->state_dir;
	sweep_on(sweep);
}

/* ---- whose turn it is ---- */

static void next_turn(struct fetcher *fetcher)
{
	struct purge *purge = fetcher->purge;
	struct heap_entry next;

	if (fetcher->daemon->stopping || fetcher->fetch || fetcher->sweep || (purge && purge->deletes)) {
		return;
	}
	if (purge && purge->waits) {
		delete_files(purge);
	} else if (heap_pop_due(&fetcher->waiting, INT64_MAX, &next)) {
		begin(fetcher, next.id);
	}
}

static void on_timer(struct timer *timer)
{
	struct fetcher *fetcher = container_of(timer, struct fetcher, timer);

	start_purge(fetcher);
	timer_start(fetcher->daemon->loop, &fetcher->timer, PURGE_EVERY_MS);
}

void fetcher_effect(struct daemon *daemon, const struct effect *effect)
{
	if (effect->kind == EFFECT_MEDIA) {
		due_add(&daemon->fetcher->due, effect->at, effect->id);
	} else {
		start_purge(daemon->fetcher);
	}
}

struct fetcher *fetcher_new(struct daemon *daemon, struct error *err)
{
	struct fetcher *fetcher = xnew(struct fetcher);

	fetcher->daemon = daemon;
	if (!due_start(daemon->loop, &fetcher->due, on_due, NULL, err)) {
		free(fetcher);
		return NULL;
	}
	timer_init(&fetcher->timer, on_timer);
	timer_start(daemon->loop, &fetcher->timer, 10 * SECOND_MS);
	start_sweep(fetcher);
	return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
	if (!fetcher) {
		return;
	}
	timer_stop(fetcher->daemon->loop, &fetcher->timer);
	due_finish(&fetcher->due);
	heap_finish(&fetcher->waiting);
	if (fetcher->purge) {
		purge_end(fetcher->purge); /* it waited for the files */
	}
	free(fetcher);
}
