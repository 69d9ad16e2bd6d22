/* demo_people.c - see demo_people.h. */
#include "cmd/demo_people.h"

#define SIGN_UP_BEFORE 0.21 /* share of first visits that end in an account … */
#define SIGN_UP_AFTER 0.34  /* … since the release */

static const struct place places[] = {
    { 30, "US", "United States", "North America", "New York", "America/New_York", -300 },
    { 12, "US", "United States", "North America", "San Francisco", "America/Los_Angeles", -480 },
    { 14, "DE", "Germany", "Europe", "Berlin", "Europe/Berlin", 60 },
    { 12, "GB", "United Kingdom", "Europe", "London", "Europe/London", 0 },
    { 8, "FR", "France", "Europe", "Lyon", "Europe/Paris", 60 },
    { 6, "NL", "Netherlands", "Europe", "Utrecht", "Europe/Amsterdam", 60 },
    { 7, "IN", "India", "Asia", "Bengaluru", "Asia/Kolkata", 330 },
    { 5, "BR", "Brazil", "South America", "São Paulo", "America/Sao_Paulo", -180 },
    { 4, "CA", "Canada", "North America", "Toronto", "America/Toronto", -300 },
    { 4, "AU", "Australia", "Oceania", "Melbourne", "Australia/Melbourne", 660 },
    { 3, "JP", "Japan", "Asia", "Osaka", "Asia/Tokyo", 540 },
    { 3, "PL", "Poland", "Europe", "Kraków", "Europe/Warsaw", 60 },
};

static const struct device devices[] = {
    { 32, "Chrome", "129", "Windows", "10", "Desktop", 1920, 1080 },
    { 20, "Chrome", "129", "Mac OS X", "14.6.1", "Desktop", 1512, 982 },
    { 10, "Safari", "17.6", "Mac OS X", "14.6.1", "Desktop", 1440, 900 },
    { 8, "Firefox", "130", "Linux", "", "Desktop", 1920, 1200 },
    { 6, "Microsoft Edge", "128", "Windows", "11", "Desktop", 2560, 1440 },
    { 14, "Mobile Safari", "17.6", "iOS", "17.6.1", "Mobile", 390, 844 },
    { 10, "Chrome", "128", "Android", "14", "Mobile", 412, 915 },
};
#define MOBILE_FROM 5

static const struct source sources[] = {
    { 30, 1.0, "$direct", "$direct", NULL, NULL, NULL, "/" },
    { 24, 1.1, "https://www.google.com/", "www.google.com", NULL, NULL, NULL,
      "/blog/planning-that-sticks" },
    { 14, 0.7, "https://www.google.com/", "www.google.com", "google", "cpc", "brand-autumn", "/" },
    { 10, 0.4, "https://www.linkedin.com/", "www.linkedin.com", "linkedin", "social",
      "team-planning", "/features" },
    { 9, 1.7, "$direct", "$direct", "newsletter", "email", "monthly-digest", "/pricing" },
    { 7, 1.3, "https://news.ycombinator.com/", "news.ycombinator.com", NULL, NULL, NULL, "/" },
    { 6, 2.0, "https://partner.example/", "partner.example", "partner", "referral", "integrations",
      "/features" },
};

static const char *const first_names[] = { "Ada", "Ben", "Carla", "Dinesh", "Elif", "Finn", "Grace",
                                           "Hugo", "Ines", "Jonas", "Kana", "Lena", "Mateo", "Nora",
                                           "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara", "Uma",
                                           "Viktor", "Wanda", "Yusuf", "Zoe" };
static const char *const last_names[] = { "Abbott", "Bauer", "Costa", "Dubois", "Evans", "Fischer",
                                          "Garcia", "Hansen", "Ito", "Jansen", "Kumar", "Larsen",
                                          "Moreau", "Nowak", "Okafor", "Patel", "Rossi", "Silva",
                                          "Tanaka", "Walker" };
static const char *const company_first[] = { "Blue", "North", "Copper", "Bright", "Quiet", "Red",
                                             "Silver", "Open", "River", "Stone", "Amber", "Swift" };
static const char *const company_last[] = { "Harbor", "Field", "Works", "Labs", "Mill", "Bridge",
                                            "Garden", "Press", "Foundry", "Supply", "Studio",
                                            "Logistics" };
static const char *const industries[] = { "Software", "Retail", "Education", "Healthcare",
                                          "Manufacturing", "Media" };

/* An entry of a table whose rows begin with their weight. */
#define PICK(dice, table) (&(table)[pick(dice, &(table)[0].weight, sizeof((table)[0]), ARRAY_LEN(table))])

static size_t pick(struct dice *d, const int *weights, size_t stride, size_t n)
{
    int sum = 0;
    size_t i;
    for (i = 0; i < n; i++)
        sum += *(const int *)((const char *)weights + i * stride);
    int at = dice_below(d, sum);
    for (i = 0; i + 1 < n; i++) {
        at -= *(const int *)((const char *)weights + i * stride);
        if (at < 0)
            break;
    }
    return i;
}

static struct company *make_companies(struct arena *a, uint64_t seed, int n)
{
    struct company *list = arena_alloc(a, (size_t)n * sizeof(*list));
    struct dice d = dice_of(seed, 1);
    for (int i = 0; i < n; i++) {
        const char *x = company_first[i % (int)ARRAY_LEN(company_first)];
        const char *y = company_last[i / (int)ARRAY_LEN(company_first) % (int)ARRAY_LEN(company_last)];
        str slug = arena_printf(a, "%s-%s-%d", x, y, i + 1);
        char *z = arena_z(a, slug);
        for (char *p = z; *p; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        list[i] = (struct company){ arena_printf(a, "%s %s", x, y).p, z,
                                    industries[dice_below(&d, (int)ARRAY_LEN(industries))],
                                    dice_between(&d, 4, 400) };
    }
    return list;
}

/* What becomes of someone who signs up: half stay, half leave after some weeks. */
static void make_user(struct person_of_demo *p, struct dice *d, const struct company *companies,
                      int n)
{
    bool stays = dice_chance(d, p->first_day >= DEMO_RELEASE ? 0.55 : 0.5);
    int left = DEMO_DAYS - 1 - p->first_day;
    int span = stays ? left : (int)dice_exponential(d, 9);
    p->last_day = p->first_day + (span < left ? span : left);
    p->appetite = (span < left ? span : left) + 1;
    p->appetite *= 0.3 + dice_exponential(d, 1);
    p->by_alias = dice_chance(d, 0.08);
    if (dice_chance(d, 0.15)) {
        bool mobile = p->device - devices >= MOBILE_FROM;
        p->second = &devices[mobile ? dice_below(d, MOBILE_FROM)
                                    : dice_between(d, MOBILE_FROM, (int)ARRAY_LEN(devices) - 1)];
    }
    if (dice_chance(d, 0.6))
        p->company = &companies[(int)(pow(dice_unit(d), 1.6) * n)]; /* some have many users */
}

struct person_of_demo *people_of_demo(struct arena *a, const struct calendar *c, uint64_t seed,
                                      int n)
{
    struct person_of_demo *list = arena_alloc(a, (size_t)n * sizeof(*list));
    int companies_n = n / 40 < 1 ? 1 : n / 40 > 144 ? 144 : n / 40;
    struct company *companies = make_companies(a, seed, companies_n);
    for (int i = 0; i < n; i++) {
        struct person_of_demo *p = &list[i];
        struct dice d = dice_of(seed, 1000 + (uint64_t)i);
        p->nth = (uint32_t)i;
        p->place = PICK(&d, places);
        p->device = PICK(&d, devices);
        p->source = PICK(&d, sources);
        p->first_name = first_names[dice_below(&d, (int)ARRAY_LEN(first_names))];
        p->last_name = last_names[dice_below(&d, (int)ARRAY_LEN(last_names))];
        p->first_day = calendar_day(c, &d, 0);
        double chance = p->first_day >= DEMO_RELEASE ? SIGN_UP_AFTER : SIGN_UP_BEFORE;
        p->signs_up = dice_chance(&d, chance * p->source->quality);
        p->last_day = p->first_day;
        if (p->signs_up)
            make_user(p, &d, companies, companies_n);
        p->dice = d;
    }
    return list;
}
