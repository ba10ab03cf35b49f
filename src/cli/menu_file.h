/*
 * An account's menu as a YAML file that people keep:
 *
 *   menu:
 *     - label: 办事
 *       buttons:
 *         - label: 网上大厅
 *           url: https://www.city.gov.example/hall
 *         - label: 订阅停水通知
 *           key: topic:停水通知
 *     - label: 预约
 *       miniprogram: wx0123456789abcdef
 *       page: pages/index
 *       url: https://www.city.gov.example/booking
 *
 * A button has a label and one of: url (opens it), key (tells the daemon), miniprogram with page and the url for old
 * clients, media, article, or buttons below it. `type` is only wanted for what these do not tell: scancode_push,
 * scancode_waitmsg, pic_sysphoto, pic_photo_or_album, pic_weixin, location_select, article_view_limited. An empty list
 * is no menu at all.
 *
 * In JSON it is {"button": [...]}, as the platform wants it.
 */
#ifndef CLI_MENU_FILE_H
#define CLI_MENU_FILE_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

/* errors  INPUT/REJECT "FILE:LINE:COLUMN: what is wrong"; gives *ret_menu */
bool menu_parse(const char *name, struct str text, cJSON **ret_menu, struct error *err) must_check;

/*
 * The same menu as a file. menu: {"button": [...]}; what the platform shows may differ in form from what it takes
 * ({"sub_button":{"list":[...]}}), and hold what only its website makes: that is written, but menu_parse() refuses it.
 */
void menu_format(const cJSON *menu, struct buf *out);

/*
 * What differs, line by line, as a unified diff without positions: each line begins with ' ', '-' or '+'. Appends lines
 * to an array of texts.
 *
 * shape    *ret_same: there is no difference
 */
void menu_diff(struct str before, struct str after, cJSON *lines, bool *ret_same);

/* Labels that are wider than the platform shows: a warning each, as texts. */
void menu_warn(const cJSON *menu, cJSON *warnings);

#endif
