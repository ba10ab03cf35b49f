/*
 * The language of messages: gettext, with one addition. Servers often have no generated locale but C; then
 * LANG=zh_CN.UTF-8 would silently mean English. So a language that is asked for and has no locale is taken over the
 * plain C.UTF-8 locale, which is always there.
 */
#include "cli/i18n.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"

#ifndef GAZETTE_LOCALE_DIR
#define GAZETTE_LOCALE_DIR "/usr/share/locale"
#endif

/* Names the daemon uses for states and kinds, so that they are translated for people. */
static const char *const words[] = {
	N_("held"),
	N_("queued"),
	N_("sending"),
	N_("sent"),
	N_("failed"),
	N_("unsure"),
	N_("cancelled"),
	N_("pending"),
	N_("withdraw"),
	N_("article"),
	N_("image"),
	N_("newspic"),
	N_("fans"),
	N_("text"),
	N_("voice"),
	N_("video"),
	N_("new"),
	N_("claimed"),
	N_("assigned"),
	N_("waiting"),
	N_("replied"),
	N_("transferred"),
	N_("closed"),
	N_("ready"),
	N_("paused"),
	N_("parked"),
	N_("starting"),
	N_("removed"),
	N_("policy"),
	N_("service"),
	N_("interact"),
	N_("solicit"),
	N_("enquiry"),
	N_("help"),
	N_("complaint"),
	N_("tip"),
	N_("suggestion"),
	N_("emergency"),
	N_("other"),
	N_("comment"),
	N_("mention"),
	N_("direct"),
	N_("message"),
	N_("reply"),
	N_("post"),
	N_("note"),
	N_("publish"),
	N_("broadcast"),
	N_("comments"),
	N_("mentions"),
	N_("comment-mentions"),
	N_("menu"),
	N_("topics"),
	N_("qr"),
	N_("yes"),
	N_("no"),
	N_("created"),
	N_("unchanged"),
	N_("checked"),
	N_("error"),
	N_("warning"),
	N_("operator"),
	N_("late"),
	N_("account_paused"),
	N_("account_parked"),
	N_("account_removed"),
	N_("hold"),
	N_("cancel"),
	N_("none"),
	N_("editor"),
	N_("duty"),
	N_("leader"),
	N_("admin"),
	N_("send"),
	N_("ticket"),
	N_("account"),
	/* notes */
	/* what its sentences are about */
	N_("title"),
	N_("author"),
	N_("digest"),
	N_("key"),
	N_("platform"),
	N_("priority"),
	N_("user"),
	N_("group"),
	N_("day"),
	N_("month"),
	/* events */
	N_("post.created"),
	N_("post.withdraw"),
	N_("post.preview"),
	N_("post.preview-failed"),
	N_("send.queued"),
	N_("send.held"),
	N_("send.sending"),
	N_("send.pending"),
	N_("send.sent"),
	N_("send.failed"),
	N_("send.unsure"),
	N_("send.cancelled"),
	N_("send.question"),
	N_("send.wish"),
	N_("account.login"),
	N_("account.paused"),
	N_("account.resumed"),
	N_("account.parked"),
	N_("account.removed"),
	N_("account.back"),
	N_("account.token-expires"),
	N_("account.token"),
	N_("account.call"),
	N_("account.call-failed"),
	N_("account.purge"),
	N_("account.scan"),
	N_("account.alert"),
	N_("account.push"),
	N_("account.topic-refused"),
	N_("ticket.open"),
	N_("ticket.message"),
	N_("ticket.reopen"),
	N_("ticket.alarm"),
	N_("ticket.claim"),
	N_("ticket.release"),
	N_("ticket.lease-ended"),
	N_("ticket.reply"),
	N_("ticket.reply-sent"),
	N_("ticket.reply-failed"),
	N_("ticket.bounced"),
	N_("ticket.media"),
	N_("ticket.media-failed"),
	N_("ticket.note"),
	N_("ticket.assign"),
	N_("ticket.transfer"),
	N_("ticket.escalate"),
	N_("ticket.close"),
	N_("ticket.ladder"),
	N_("notice.done"),
	N_("notice.failed"),
};

/* What the environment asks messages to be in, as setlocale() would read it. */
static const char *asked_for(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0]) {
			return value;
		}
	}
	return "C";
}

void i18n_start(void)
{
	const char *dir = getenv("GAZETTE_LOCALE_DIR");
	const char *language = asked_for();
	const char *wanted = getenv("LANGUAGE"); /* empty is as good as none */

	if (!setlocale(LC_MESSAGES, "") && strncmp(language, "zh", 2) == 0) {
		/* gettext translates nothing in the locale "C", but does in "C.UTF-8". */
		if (setlocale(LC_MESSAGES, "C.UTF-8")) {
			(void)setenv("LANGUAGE", "zh_CN", !wanted || !wanted[0]);
		}
	}
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)bindtextdomain("gazette", dir && dir[0] ? dir : GAZETTE_LOCALE_DIR);
	(void)bind_textdomain_codeset("gazette", "UTF-8");
	(void)textdomain("gazette");
	/* What the system says stands in errors, and those are English for programs on every machine: see sentence.c.
	 */
	(void)bindtextdomain("libc", "/nonexistent");
}

void i18n_stop(void)
{
	(void)textdomain("none"); /* there is no such catalogue */
}

const char *i18n_word(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			return _(words[i]);
		}
	}
	return word ? word : "";
}
