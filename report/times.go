package report

import (
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// Times says how moments are shown to people.
type Times uint8

// The ways.
const (
	UTC      Times = iota
	Local          // in the zone of the environment (TZ)
	Relative       // seconds since the first packet
	Delta          // seconds since the line before
	Epoch          // seconds since 1970
)

// TimesNames are the names of the ways.
var TimesNames = Choices[Times]{
	{"utc", "time of day in UTC", UTC}, {"local", "time of day in the local zone (TZ)", Local}, {"relative", "seconds since the first packet", Relative},
	{"delta", "seconds since the line before", Delta}, {"epoch", "seconds since 1970", Epoch},
}

// in is t in the zone in which it is shown.
func (k Times) in(t analyzer.Time) time.Time {
	if k == Local {
		return t.Time().Local()
	}
	return t.Time()
}

// start is when c began, with a number of decimals of seconds: 0 or 3.
func (v *view) start(c *row, decimals int) string {
	if v.times == Delta {
		return seconds(int64(c.Start.Sub(c.before)), decimals)
	}
	return v.moment(c.Start, decimals)
}

// moment is a time with a number of decimals of seconds: 0 or 3.
func (v *view) moment(t analyzer.Time, decimals int) string {
	switch v.times {
	case Relative, Delta:
		return seconds(int64(t.Sub(v.base)), decimals)
	case Epoch:
		return seconds(int64(t), decimals)
	}
	format := "15:04:05.000"
	if v.dated {
		format = "01-02 15:04:05.000"
	}
	if decimals == 0 {
		format = format[:len(format)-len(".000")]
	}
	return v.times.in(t).Format(format)
}

func seconds(ns int64, decimals int) string {
	b := output.AppendSeconds6(nil, ns)
	if decimals == 0 {
		return string(b[:len(b)-len(".000000")])
	}
	return string(b[:len(b)-6+decimals])
}
