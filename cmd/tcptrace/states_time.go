package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tcptrace/analyzer"
)

// instant is a moment as a user names it: absolute, as a time of day, or counted from the begin of the capture.
type instant struct {
	kind  instantKind
	at    time.Time     // unless relative
	after time.Duration // if relative
}

type instantKind uint8

const (
	absolute instantKind = iota
	timeOfDay
	relative
)

// instantLayouts are what an absolute time may look like. Without a zone it is UTC; fractions of a second
// may follow everywhere.
var instantLayouts = []struct {
	layout string
	kind   instantKind
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

// parseInstant reads a time.
func parseInstant(text string) (instant, error) {
	if after, ok := strings.CutPrefix(text, "+"); ok {
		d, err := time.ParseDuration(after)
		if err != nil || strings.ContainsAny(after, "+-") {
			if _, err := time.ParseDuration(after + "s"); err == nil {
				return instant{}, fmt.Errorf("%q has no unit: did you mean %ss?", text, text)
			}
			return instant{}, fmt.Errorf("%q is not a time after the start of the capture, such as +12.5s or +1m30s", text)
		}
		return instant{after: d, kind: relative}, nil
	}
	for _, l := range instantLayouts {
		t, err := time.Parse(l.layout, text)
		if err != nil {
			continue
		}
		if y := t.Year(); l.kind == absolute && (y < 1678 || y > 2261) {
			return instant{}, errors.New("the year must be from 1678 to 2261") // as analyzer.Time has it
		}
		return instant{at: t, kind: l.kind}, nil
	}
	return instant{}, fmt.Errorf("%q is not a time, such as 2026-11-21T09:30:05.25Z or 09:30:05 (UTC unless a zone follows), or +12.5s after the start of the capture", text)
}

// in is the moment in a capture that begins at begin. A time of day is the first one that is not before.
func (i instant) in(begin analyzer.Time) analyzer.Time {
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
