package page

import (
	"bufio"
	"bytes"
	"slices"
	"testing"
	"time"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// TestTimes: what the page is told of how moments are shown, and of the zones of the capture.
func TestTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zones on this machine: ", err)
	}
	defer func(was *time.Location) { time.Local = was }(time.Local)
	time.Local = berlin
	summer := analyzer.Time(1774746000_000000000) // 2026-03-29 01:00 UTC
	for _, c := range []struct {
		times      report.Times
		start, end analyzer.Time
		want       string
	}{
		{report.UTC, summer - 1, summer, `"time":"utc","zones":[[1774745999,0,"UTC"]]`},
		{report.Local, summer - 1e9, summer - 1, `"time":"local","zones":[[1774745999,3600,"CET"]]`},
		{report.Local, summer - 1e9, summer, `"time":"local","zones":[[1774745999,3600,"CET"],[1774746000,7200,"CEST"]]`},
		{report.Local, summer, summer + 1, `"time":"local","zones":[[1774746000,7200,"CEST"]]`},
		{report.Relative, summer, summer, `"time":"relative","zones":[[1774746000,0,"UTC"]]`},
	} {
		var b bytes.Buffer
		e := &encoder{Writer: bufio.NewWriter(&b)}
		New(Options{Times: c.times}).writeTimes(e, &analyzer.Summary{Start: c.start, End: c.end})
		e.Flush()
		if b.String() != c.want {
			t.Errorf("%s, want %s", b.String(), c.want)
		}
	}
	for times, want := range map[report.Times]string{report.UTC: "2026-03-29 01:00:00.000 to 01:00:01.000 UTC (1.000 s)", report.Local: "2026-03-29 03:00:00.000 to 03:00:01.000 CEST (1.000 s)"} {
		if got := facts(&analyzer.Summary{Packets: 1, TCP: 1, Start: summer, End: summer + 1e9}, report.Selection{}, times); !slices.Contains(got, [2]string{"time", want}) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	var b bytes.Buffer
	e := &encoder{Writer: bufio.NewWriter(&b)}
	New(Options{Times: report.Local}).writeTimes(e, &analyzer.Summary{Start: 1, End: 1 << 62})
	e.Flush()
	if n := bytes.Count(b.Bytes(), []byte("CE")); n < 30 || n > mostZones {
		t.Errorf("%d zones", n)
	}
}
