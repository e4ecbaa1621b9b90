package instant

import (
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/packet"
)

func TestParse(t *testing.T) {
	parse := func(text string) time.Time {
		u, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, test := range []struct{ text, begin, want string }{
		{"+0s", "2026-03-02T23:50:00.25Z", "2026-03-02T23:50:00.25Z"},
		{"+1m30.5s", "2026-03-02T23:50:00.25Z", "2026-03-02T23:51:30.75Z"},
		{"2026-03-02T09:30:05.25Z", "2000-01-01T00:00:00Z", "2026-03-02T09:30:05.25Z"},
		{"2026-03-02T09:30:05.25-05:00", "2000-01-01T00:00:00Z", "2026-03-02T14:30:05.25Z"},
		{"2026-03-02 09:30", "2000-01-01T00:00:00Z", "2026-03-02T09:30:00Z"},
		{"23:55", "2026-03-02T23:50:00Z", "2026-03-02T23:55:00Z"},
		{"23:50:00", "2026-03-02T23:50:00Z", "2026-03-02T23:50:00Z"},
		{"00:05:00.5", "2026-02-28T23:50:00Z", "2026-03-01T00:05:00.5Z"},
		{"00:05+01:00", "2026-03-02T22:50:00Z", "2026-03-02T23:05:00Z"},
		{"01:05+01:00", "2026-03-02T22:50:00Z", "2026-03-03T00:05:00Z"},
	} {
		i, err := Parse(test.text, time.UTC)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := i.In(analyzer.Time(parse(test.begin).UnixNano())).Time(); !got.Equal(parse(test.want)) {
			t.Errorf("%s in a capture from %s on: %v, want %s", test.text, test.begin, got, test.want)
		}
	}
	for _, text := range []string{"", "+", "+5", "+-5s", "++5s", "-5s", "now", "9:30:5x", "2026-13-01T00:00:00Z", "25:00", "9999-01-01T00:00:00Z"} {
		if _, err := Parse(text, time.UTC); err == nil {
			t.Errorf("%q is taken for a time", text)
		}
	}
}

// FuzzParse reads any text as a time: it is refused with words, or within its bounds.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"+12.5s", "+1m30s", "+2562047h", "+", "2026-11-21T09:30:05.25Z", "2026-11-21 09:30", "09:30:05", "23:59+23:59", "0000-01-01T00:00:00Z", "9999-12-31 23:59:59-12:00",
	} {
		for _, begin := range []int64{0, 1_772_443_800_000_000_000, packet.MaxTime} {
			f.Add(text, begin)
		}
	}
	f.Fuzz(func(t *testing.T, text string, begin int64) {
		begin = min(max(begin, 0), packet.MaxTime)
		at, err := Parse(text, time.UTC)
		switch moment := at.In(analyzer.Time(begin)); {
		case err != nil && err.Error() == "":
			t.Errorf("%q is refused without a word", text)
		case err != nil || at.kind == absolute:
		case moment < analyzer.Time(begin):
			t.Errorf("%q of a capture that begins at %d is %d", text, begin, moment)
		case at.kind == timeOfDay && moment.Sub(analyzer.Time(begin)) >= 24*time.Hour:
			t.Errorf("%q of a capture that begins at %d is %d, more than a day later", text, begin, moment)
		}
	})
}

// TestParseZone: a time without a zone is in the one that is given, and one with a zone in its own.
func TestParseZone(t *testing.T) {
	east := time.FixedZone("", 9*60*60)
	begin := analyzer.Time(time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC).UnixNano())
	for text, want := range map[string]string{
		"05:30":               "2026-03-02T20:30:00Z",
		"2026-03-03 05:30:00": "2026-03-02T20:30:00Z",
		"20:30Z":              "2026-03-02T20:30:00Z",
		"+30m":                "2026-03-02T20:30:00Z",
		"04:30":               "2026-03-03T19:30:00Z", // of the next day
	} {
		i, err := Parse(text, east)
		if err != nil {
			t.Error(err)
		} else if got := i.In(begin).Time().UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
