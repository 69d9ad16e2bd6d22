/* demo_writer.c - see demo_writer.h. */
#include "cmd/demo_writer.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "json/write.h"

#define HOST "tidepool.example"

/* What of a person the events carry. */
struct names {
    char user[32], email[96], device[UUID_TEXT], ip[20];
};

/* -------------------------------------------------------------------------- ids */

enum { ID_EVENT = 1, ID_DEVICE, ID_SECOND, ID_SESSION };

/* A version 7 id of a moment, made of the story's numbers. */
static void id_of(const struct story *s, int what, uint32_t person, uint32_t nth, int64_t at,
                  char out[UUID_TEXT])
{
    struct dice d = dice_of(s->seed ^ ((uint64_t)person << 32 | nth), (uint64_t)what << 56);
    uint64_t high = dice_next(&d), low = dice_next(&d);
    struct uuid u;
    for (int i = 0; i < 6; i++)
        u.b[i] = (unsigned char)(at / 1000 >> (40 - 8 * i));
    u.b[6] = (unsigned char)(0x70 | (high & 0x0f));
    u.b[7] = (unsigned char)(high >> 8);
    for (int i = 0; i < 8; i++)
        u.b[8 + i] = (unsigned char)(low >> (8 * i));
    u.b[8] = (unsigned char)(0x80 | (u.b[8] & 0x3f));
    uuid_text(u, out);
}

static void names_of(const struct story *s, const struct demo_event *ev, struct names *n)
{
    const struct person_of_demo *p = &s->people[ev->person];
    int64_t begin = s->calendar.start + p->first_day * 86400 * CLOCK_SECOND;
    snprintf(n->user, sizeof(n->user), "user_%06u", p->nth + 1);
    snprintf(n->email, sizeof(n->email), "%s.%s.%u@%s.example", p->first_name, p->last_name,
             p->nth + 1, p->company ? p->company->slug : "mail");
    for (char *c = n->email; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    id_of(s, ev->second ? ID_SECOND : ID_DEVICE, p->nth, 0, begin, n->device);
    snprintf(n->ip, sizeof(n->ip), "203.0.113.%u", p->nth % 254 + 1); /* reserved for examples */
}

/* -------------------------------------------------------------------------- properties */

static void put_device(struct json_writer *w, const struct device *d)
{
    json_put_z(w, "$browser", d->browser);
    json_put_z(w, "$browser_version", d->browser_version);
    json_put_z(w, "$os", d->os);
    json_put_z(w, "$os_version", d->os_version);
    json_put_z(w, "$device_type", d->type);
    json_put_i64(w, "$screen_width", d->width);
    json_put_i64(w, "$screen_height", d->height);
    json_put_i64(w, "$viewport_width", d->width);
    json_put_i64(w, "$viewport_height", d->height - 120);
}

static void put_place(struct json_writer *w, const struct place *p, const char *ip)
{
    json_put_z(w, "$ip", ip);
    json_put_z(w, "$timezone", p->zone);
    json_put_z(w, "$geoip_country_code", p->code);
    json_put_z(w, "$geoip_country_name", p->country);
    json_put_z(w, "$geoip_continent_name", p->continent);
    json_put_z(w, "$geoip_city_name", p->city);
    json_put_z(w, "$geoip_time_zone", p->zone);
    json_key(w, "$geoip_disable");
    json_bool(w, true);
}

static void put_campaign(struct json_writer *w, const struct source *s)
{
    if (!s->utm_source)
        return;
    json_put_z(w, "utm_source", s->utm_source);
    json_put_z(w, "utm_medium", s->utm_medium);
    json_put_z(w, "utm_campaign", s->utm_campaign);
}

static void put_page(struct json_writer *w, const struct source *s, const char *page,
                     bool landing)
{
    char url[256];
    bool tagged = landing && s->utm_source;
    snprintf(url, sizeof(url), "https://" HOST "%s%s%s%s%s%s%s", page,
             tagged ? "?utm_source=" : "", tagged ? s->utm_source : "",
             tagged ? "&utm_medium=" : "", tagged ? s->utm_medium : "",
             tagged ? "&utm_campaign=" : "", tagged ? s->utm_campaign : "");
    json_put_z(w, "$current_url", url);
    json_put_z(w, "$host", HOST);
    json_put_z(w, "$pathname", page);
    json_put_z(w, "$referrer", landing ? s->referrer : "https://" HOST "/");
    json_put_z(w, "$referring_domain", landing ? s->domain : HOST);
}

static void put_session(struct json_writer *w, const struct story *s, const struct demo_event *ev,
                        const struct names *n)
{
    char id[UUID_TEXT];
    int64_t day = s->calendar.start +
                  calendar_day_of(&s->calendar, ev->at) * 86400 * CLOCK_SECOND;
    id_of(s, ID_SESSION, ev->person, ev->session, day, id);
    json_put_z(w, "$session_id", id);
    json_put_z(w, "$window_id", id);
    json_put_z(w, "$device_id", n->device);
}

/* What the person is from now on. */
static void put_person(struct json_writer *w, const struct person_of_demo *p,
                       const struct names *n)
{
    char full[64];
    snprintf(full, sizeof(full), "%s %s", p->first_name, p->last_name);
    json_key(w, "$set");
    json_open(w, '{');
    json_put_z(w, "email", n->email);
    json_put_z(w, "name", full);
    if (p->company)
        json_put_z(w, "company", p->company->name);
    json_close(w, '}');
    json_key(w, "$set_once");
    json_open(w, '{');
    json_put_z(w, "plan", demo_plans[PLAN_FREE]);
    json_put_z(w, "first_source",
               p->source->utm_source ? p->source->utm_source : p->source->domain);
    json_close(w, '}');
}

static void put_plan(struct json_writer *w, const struct demo_event *ev)
{
    json_put_z(w, "plan", demo_plans[ev->plan]);
    json_put_i64(w, "seats", ev->seats);
    json_put_z(w, "billing", ev->annual ? "annual" : "monthly");
    json_key(w, "amount");
    json_f64(w, ev->cents / 100.0);
    json_put_z(w, "currency", "USD");
    json_key(w, "$set");
    json_open(w, '{');
    json_put_z(w, "plan", demo_plans[ev->plan]);
    json_close(w, '}');
}

static void put_group(struct json_writer *w, const struct company *c)
{
    json_put_z(w, "$group_type", "company");
    json_put_z(w, "$group_key", c->slug);
    json_key(w, "$group_set");
    json_open(w, '{');
    json_put_z(w, "name", c->name);
    json_put_z(w, "industry", c->industry);
    json_put_i64(w, "employees", c->size);
    json_close(w, '}');
}

/* What the kind of event adds. */
static void put_kind(struct json_writer *w, const struct story *s, const struct demo_event *ev,
                     const struct names *n)
{
    const struct person_of_demo *p = &s->people[ev->person];
    switch ((enum demo_kind)ev->kind) {
    case DEMO_ALIAS:
        json_put_z(w, "alias", n->device);
        break;
    case DEMO_IDENTIFY:
        if (!p->by_alias || ev->second)
            json_put_z(w, "$anon_distinct_id", n->device);
        put_person(w, p, n);
        break;
    case DEMO_GROUP:
        put_group(w, p->company);
        break;
    case DEMO_SIGNED_UP:
        json_put_z(w, "method", ev->detail);
        break;
    case DEMO_PURCHASE:
    case DEMO_RENEWAL:
        put_plan(w, ev);
        break;
    case DEMO_CANCELLED:
        json_put_z(w, "reason", ev->detail);
        json_put_z(w, "plan", demo_plans[ev->plan]);
        break;
    case DEMO_ERROR:
        json_put_z(w, "message", ev->detail);
        break;
    default:
        if (ev->known)
            json_put_z(w, "plan", demo_plans[ev->plan]);
    }
}

static void put_properties(struct json_writer *w, const struct story *s,
                           const struct demo_event *ev, const struct names *n)
{
    const struct person_of_demo *p = &s->people[ev->person];
    bool landing = ev->session == 0 && ev->nth == 0;
    bool released = calendar_day_of(&s->calendar, ev->at) >= DEMO_RELEASE;
    json_open(w, '{');
    put_device(w, ev->second ? p->second : p->device);
    put_place(w, p->place, n->ip);
    put_page(w, p->source, ev->page, landing);
    if (ev->session == 0)
        put_campaign(w, p->source);
    put_session(w, s, ev, n);
    json_put_z(w, "$lib", "web");
    json_put_z(w, "$lib_version", "1.449.2");
    json_put_z(w, "app_version", released ? "4.0.0" : "3.9.2");
    if (ev->known && p->company && ev->kind != DEMO_GROUP) {
        json_key(w, "$groups");
        json_open(w, '{');
        json_put_z(w, "company", p->company->slug);
        json_close(w, '}');
    }
    put_kind(w, s, ev, n);
    json_close(w, '}');
}

void demo_write_event(const struct story *s, const struct demo_event *ev, struct buf *out)
{
    struct json_writer w = JSON_WRITER(out);
    struct names n;
    char id[UUID_TEXT], at[CLOCK_TEXT];
    names_of(s, ev, &n);
    id_of(s, ID_EVENT, ev->person, ev->nth, ev->at, id);
    clock_text(ev->at, at);
    json_open(&w, '{');
    json_put_z(&w, "uuid", id);
    json_put_z(&w, "event", demo_names[ev->kind]);
    json_put_z(&w, "distinct_id", ev->known ? n.user : n.device);
    json_put_z(&w, "timestamp", at);
    json_key(&w, "properties");
    put_properties(&w, s, ev, &n);
    json_close(&w, '}');
}
