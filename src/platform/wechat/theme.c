/*
 * The look of articles: WeChat keeps inline styles and takes out style sheets, so every element carries its own. The
 * built-in ones are meant for reading: large enough, dark enough, no decoration.
 *
 * source  what survives: documentation of the article editor as far as given; source unverified for the exact list
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define THEME_BYTES (64u << 10)
#define STYLE_BYTES 512u

static const struct {
	const char *name;
	const char *style;
} defaults[WECHAT_STYLES] = {
	[WECHAT_STYLE_SECTION] = { "section", "font-size:16px;line-height:1.75;color:#222;word-wrap:break-word" },
	[WECHAT_STYLE_P] = { "p", "margin:0 0 1em" },
	[WECHAT_STYLE_H1] = { "h1", "margin:1.4em 0 0.7em;font-size:20px;font-weight:bold" },
	[WECHAT_STYLE_H2] = { "h2", "margin:1.3em 0 0.6em;font-size:18px;font-weight:bold" },
	[WECHAT_STYLE_H3] = { "h3", "margin:1.2em 0 0.5em;font-size:17px;font-weight:bold" },
	[WECHAT_STYLE_H4] = { "h4", "margin:1em 0 0.5em;font-size:16px;font-weight:bold" },
	[WECHAT_STYLE_STRONG] = { "strong", "font-weight:bold" },
	[WECHAT_STYLE_EM] = { "em", "font-style:italic" },
	[WECHAT_STYLE_A] = { "a", "color:#1a5ea8" },
	[WECHAT_STYLE_IMG] = { "img", "max-width:100%;display:block;margin:0 auto" },
	[WECHAT_STYLE_BLOCKQUOTE] = { "blockquote",
		"margin:0 0 1em;padding:0.2em 1em;border-left:3px solid #bbb;color:#555" },
	[WECHAT_STYLE_UL] = { "ul", "margin:0 0 1em;padding-left:1.5em" },
	[WECHAT_STYLE_OL] = { "ol", "margin:0 0 1em;padding-left:1.7em" },
	[WECHAT_STYLE_LI] = { "li", "" },
	[WECHAT_STYLE_CODE] = { "code", "font-family:monospace" },
	[WECHAT_STYLE_PRE] = { "pre", "margin:0 0 1em;padding:0.6em 0.8em;background:#f5f5f5;white-space:pre-wrap" },
	[WECHAT_STYLE_HR] = { "hr", "margin:1.5em 0;border:0;border-top:1px solid #ccc" },
};

void wechat_theme_finish(struct wechat_theme *theme)
{
	for (size_t i = 0; i < WECHAT_STYLES; i++) {
		free(theme->styles[i]);
	}
	*theme = (struct wechat_theme){ 0 };
}

static bool bad_line(const char *path, int line, const char *what, struct error *err)
{
	return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s:%d: %s", path, line, what);
}

static bool read_line(const char *path, int line, struct str text, struct wechat_theme *theme, struct error *err)
{
	struct str rest = str_trim(text);
	struct str name;

	if (rest.n == 0 || rest.p[0] == '#') {
		return true;
	}
	if (!str_split(&rest, ':', &name) || !rest.p) {
		return bad_line(path, line, "\"element: declarations\" was expected", err);
	}
	rest = str_trim(rest);
	if (rest.n > STYLE_BYTES) {
		return bad_line(path, line, "the style is too long", err);
	}
	for (size_t i = 0; i < rest.n; i++) {
		if ((unsigned char)rest.p[i] < ' ' || strchr("\"<>&\\", rest.p[i])) {
			return bad_line(path, line, "a style holds no \", <, >, & and \\", err);
		}
	}
	for (size_t i = 0; i < WECHAT_STYLES; i++) {
		if (str_is(str_trim(name), defaults[i].name)) {
			free(theme->styles[i]);
			theme->styles[i] = str_dup(rest);
			return true;
		}
	}
	return bad_line(path, line, "no element of that name in articles", err);
}

bool wechat_theme_load(const char *path, struct wechat_theme *ret_theme, struct error *err)
{
	struct wechat_theme theme = { 0 };
	char *bytes = NULL;
	bool ok = true;
	int line = 0;

	for (size_t i = 0; i < WECHAT_STYLES; i++) {
		theme.styles[i] = xstrdup(defaults[i].style);
	}
	if (path) {
		FILE *file = fopen(path, "rbe");
		struct str rest;
		struct str text;

		bytes = xnew_array(char, THEME_BYTES + 1);
		rest = (struct str){ bytes, file ? fread(bytes, 1, THEME_BYTES + 1, file) : 0 };
		if (!file) {
			ok = error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "theme %s: %s", path, strerror(errno));
		} else {
			(void)fclose(file);
		}
		if (rest.n > THEME_BYTES) {
			ok = bad_line(path, 1, "the theme is too long", err);
		}
		while (ok && str_split(&rest, '\n', &text)) {
			ok = read_line(path, ++line, text, &theme, err);
		}
		free(bytes);
	}
	if (!ok) {
		wechat_theme_finish(&theme);
		return false;
	}
	*ret_theme = theme;
	return true;
}
