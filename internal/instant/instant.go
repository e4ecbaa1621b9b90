// Package instant reads moments as people name them: absolute, as a time of day, or counted from the start of a capture.
//
// Not its job: to decide whether the moment lies within the capture.
package instant

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tcptrace/analyzer"
)

// Instant is a moment as it was named. What it is in a capture depends on when that begins.
type Instant struct {
	kind  kind
	at    time.Time     // unless relative
	after time.Duration // if relative
}

type kind uint8

const (
	absolute kind = iota
	timeOfDay
	relative
)

// layouts are what an absolute time may look like; fractions of a second may follow everywhere.
var layouts = []struct {
	layout string
	kind   kind
}{
	{time.RFC3339, absolute},
	{"2006-01-02 15:04:05Z07:00", absolute},
	{"2006-01-02T15:04:05", absolute},
	{"2006-01-02 15:04:05", absolute},
	{"2006-01-02T15:04Z07:00", absolute},
	{"2006-01-02T15:04", absolute},
	{"2006-01-02 15:04", absolute},
	{"15:04:05Z07:00", timeOfDay},
	{"15:04:05", timeOfDay},
	{"15:04Z07:00", timeOfDay},
	{"15:04", timeOfDay},
}

// Parse reads a time; one without a zone is in that of zone. The error says what one looks like.
func Parse(text string, zone *time.Location) (Instant, error) {
	if after, ok := strings.CutPrefix(text, "+"); ok {
		d, err := time.ParseDuration(after)
		if err != nil || strings.ContainsAny(after, "+-") {
			if _, err := time.ParseDuration(after + "s"); err == nil {
				return Instant{}, fmt.Errorf("%q has no unit: did you mean %ss?", text, text)
			}
			return Instant{}, fmt.Errorf("%q is not a time after the start of the capture, such as +12.5s or +1m30s", text)
		}
		return Instant{after: d, kind: relative}, nil
	}
	for _, l := range layouts {
		t, err := time.ParseInLocation(l.layout, text, zone)
		if err != nil {
			continue
		}
		if y := t.Year(); l.kind == absolute && (y < 1678 || y > 2261) {
			return Instant{}, errors.New("the year must be from 1678 to 2261") // as analyzer.Time has it
		}
		return Instant{at: t, kind: l.kind}, nil
	}
	return Instant{}, fmt.Errorf("%q is not a time, such as 2026-11-21T09:30:05.25Z or 09:30:05 (UTC unless a zone follows or --time local says otherwise), or +12.5s after the start of the capture", text)
}

// In is the moment in a capture that begins at begin. A time of day is the first one that is not before.
func (i Instant) In(begin analyzer.Time) analyzer.Time {
	switch i.kind {
	case relative:
		return begin.Add(i.after)
	case timeOfDay:
		day := begin.Time().In(i.at.Location())
		t := time.Date(day.Year(), day.Month(), day.Day(), i.at.Hour(), i.at.Minute(), i.at.Second(), i.at.Nanosecond(), i.at.Location())
		if analyzer.Time(t.UnixNano()) < begin {
			t = t.AddDate(0, 0, 1)
		}
		return analyzer.Time(t.UnixNano())
	}
	return analyzer.Time(i.at.UnixNano())
}
