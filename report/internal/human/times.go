package human

import (
	"strings"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report/internal/output"
)

// Times says how moments are shown.
type Times uint8

// The ways.
const (
	UTC      Times = iota
	Local          // in the zone of the environment (TZ)
	Relative       // seconds since the first packet
	Delta          // seconds since something else that is shown
	Epoch          // seconds since 1970
)

// Zone is that in which times of the day are shown, and in which one is meant that says none.
func (k Times) Zone() *time.Location {
	if k == Local {
		return time.Local
	}
	return time.UTC
}

// In is t in the zone in which it is shown.
func (k Times) In(t analyzer.Time) time.Time { return t.Time().In(k.Zone()) }

// layouts of times of the day and dates; as many decimals as are wanted are left of the first.
const (
	clockLayout = "15:04:05.000000"
	dayLayout   = "01-02 "
	dateLayout  = "2006-01-02 "
)

// Moment is t with a number of decimals of seconds, 0, 3 or 6: a time of the day, with its day if dated, or seconds since base.
func (k Times) Moment(t, base analyzer.Time, decimals int, dated bool) string {
	layout := clock(decimals)
	if dated {
		layout = dayLayout + layout
	}
	return k.format(t, base, decimals, layout)
}

// Full is t with its date and the name of its zone, or seconds with what they count from.
func (k Times) Full(t, base analyzer.Time, decimals int) string {
	text := k.format(t, base, decimals, dateLayout+clock(decimals)+" MST")
	switch k {
	case Relative, Delta:
		return text + " s after the first packet"
	case Epoch:
		return text + " s since 1970"
	}
	return text
}

// Unit is what a column of moments is headed with in parentheses: a zone, or the unit.
func (k Times) Unit(t analyzer.Time) string {
	if k == UTC || k == Local {
		return k.In(t).Format("MST")
	}
	return "s"
}

func clock(decimals int) string {
	return strings.TrimSuffix(clockLayout[:len(clockLayout)-6+decimals], ".")
}

func (k Times) format(t, base analyzer.Time, decimals int, layout string) string {
	switch k {
	case Relative, Delta:
		return Seconds(int64(t.Sub(base)), decimals)
	case Epoch:
		return Seconds(int64(t), decimals)
	}
	return k.In(t).Format(layout)
}

// Seconds is ns in seconds with a number of decimals, 0, 3 or 6, cut and not rounded.
func Seconds(ns int64, decimals int) string {
	b := output.AppendSeconds6(nil, ns)
	return strings.TrimSuffix(string(b[:len(b)-6+decimals]), ".")
}
