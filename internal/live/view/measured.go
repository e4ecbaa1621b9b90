package view

import (
	"fmt"
	"time"

	"tcptrace/analyzer"
	"tcptrace/analyzer/host"
	"tcptrace/report"
)

// processes are those that the ends on this host belong to, with all that is known of them, a line for each.
func processes(c *analyzer.Conversation) (lines []string) {
	for side, end := range c.Hosts {
		if end == nil || end.Process.PID == 0 {
			continue
		}
		p := &end.Process
		text := fmt.Sprintf("%s's process: %s[%d], user %d", analyzer.Side(side), report.PlainText(p.Name), p.PID, p.User)
		if p.Cgroup != 0 {
			text += fmt.Sprintf(", cgroup %d", p.Cgroup)
		}
		if p.Listens {
			text += ", which listens"
		}
		lines = append(lines, text)
	}
	return lines
}

// measured is what the kernels of the ends on this host measure, beside our round trip; "" if nothing is known.
func measured(c *analyzer.Conversation) (text string) {
	for side, end := range c.Hosts {
		if end == nil || end.Info == nil {
			continue
		}
		text += fmt.Sprintf("  %s: %s", analyzer.Side(side), infoText(end.Info))
		if rtt := c.Sent[side].RTT; rtt.Samples > 0 {
			text += fmt.Sprintf(" (RTT at the tap %s)", report.HumanDuration(rtt.Smoothed))
		}
	}
	return text
}

func infoText(i *host.Info) string {
	text := report.PlainText(i.Congestion)
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"RTT", i.RTT}, {"min", i.MinRTT}} {
		if d.value > 0 {
			text += fmt.Sprintf(" %s %s", d.name, report.HumanDuration(d.value))
		}
	}
	text += fmt.Sprintf(" cwnd %d", i.CWND)
	if i.SSThresh > 0 {
		text += fmt.Sprintf(" ssthresh %d", i.SSThresh)
	}
	text += fmt.Sprintf(" resent %d", i.Retransmitted)
	for _, r := range []struct {
		name  string
		value uint64
	}{{"delivers", i.Delivery}, {"paces", i.Pacing}} {
		if r.value > 0 {
			text += fmt.Sprintf(" %s %sB/s", r.name, short(float64(r.value)))
		}
	}
	return text
}
