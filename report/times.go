package report

import "tcptrace/report/internal/human"

// Times says how moments are shown to people.
type Times = human.Times

// The ways.
const (
	UTC      = human.UTC
	Local    = human.Local    // in the zone of the environment (TZ)
	Relative = human.Relative // seconds since the first packet
	Delta    = human.Delta    // seconds since something else that is shown
	Epoch    = human.Epoch    // seconds since 1970
)

// TimesNames are the names of the ways.
var TimesNames = Choices[Times]{
	{"utc", "time of day in UTC", human.UTC}, {"local", "time of day in the local zone (TZ)", human.Local}, {"relative", "seconds since the first packet", human.Relative},
	{"delta", "seconds since the line before", human.Delta}, {"epoch", "seconds since 1970", human.Epoch},
}

// start is when c began, with a number of decimals of seconds: 0 or 3.
func (v *view) start(c *row, decimals int) string {
	if v.times == human.Delta {
		return human.Seconds(int64(c.Start.Sub(c.before)), decimals)
	}
	return v.times.Moment(c.Start, v.base, decimals, v.dated)
}
