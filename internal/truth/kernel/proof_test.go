package kernel

import (
	"fmt"
	"slices"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/fsm"
)

// proofs counts, at one kind of tap, the steps that are called proved (sent, acknowledged), those of them that the
// endpoint's own log does not have, and those whose moment is not in their bracket.
type proofs struct {
	steps   int
	false   []string
	outside [2][]string // by proved kind: sent, acknowledged
}

func (p *proofs) String() string {
	return fmt.Sprintf("%5d proved steps, %d false, times outside their bracket: sent %d, acknowledged %d",
		p.steps, len(p.false), len(p.outside[0]), len(p.outside[1]))
}

// proved reports whether the step is, and of which kind.
func proved(s *analyzer.Step) (kind int, ok bool) {
	switch s.Evidence {
	case analyzer.EvidenceSent:
		return 0, true
	case analyzer.EvidenceAcknowledged:
		return 1, true
	}
	return 0, false
}

func (p *proofs) add(e *endpoint) {
	for i, j := range align(e.ours, e.kernel, e.late) {
		step := &e.ours[i]
		kind, ok := proved(step)
		if !ok {
			continue
		}
		p.steps++
		switch {
		case j < 0:
			p.false = append(p.false, fmt.Sprintf("%v in frame %d of%s", step.State, step.Frame, e))
		case e.late && j == 0: // entered before the capture began
		case e.kernel[j].Time < step.NotBefore-slack || step.NotAfter != 0 && e.kernel[j].Time > step.NotAfter+slack:
			p.outside[kind] = append(p.outside[kind], fmt.Sprintf("%v %v in frame %d, %v too early or %v too late: %s",
				step.State, step.Evidence, step.Frame, step.NotBefore.Sub(e.kernel[j].Time), e.kernel[j].Time.Sub(step.NotAfter), e))
		}
	}
}

// What it costs to leave a step or an entry without a counterpart.
const (
	costWrong = 10
	costFree  = 0
)

// align finds the cheapest alignment of our steps with the kernel's entries: for each step its entry, -1 for none.
// Left out for nothing is what compare lets be left out.
func align(ours []analyzer.Step, kernel []entry, late bool) []int {
	c := comparison{ours: ours, kernel: kernel, late: late}
	costs := make([][]int, len(ours)+1)
	for i := range costs {
		costs[i] = make([]int, len(kernel)+1)
	}
	for i, row := range slices.Backward(costs) {
		for j := range slices.Backward(row) {
			row[j], _ = c.cheapest(costs, i, j)
		}
	}
	out := make([]int, 0, len(ours))
	for i, j := 0, 0; i < len(ours) || j < len(kernel); {
		switch _, move := c.cheapest(costs, i, j); move {
		case moveBoth:
			out = append(out, j)
			i++
			j++
		case moveKernel:
			j++
		default:
			out = append(out, -1)
			i++
		}
	}
	return out
}

type move int

const (
	moveBoth move = iota
	moveKernel
	moveOurs
)

// cheapest is what the rest from step i and entry j on costs, and how it begins.
func (c *comparison) cheapest(costs [][]int, i, j int) (cost int, best move) {
	if i == len(c.ours) && j == len(c.kernel) {
		return 0, moveBoth
	}
	cost = 1 << 30
	try := func(m move, price int) {
		if price < cost {
			cost, best = price, m
		}
	}
	price := func(free bool) int {
		if free {
			return costFree
		}
		return costWrong
	}
	if i < len(c.ours) && j < len(c.kernel) && c.ours[i].State == c.kernel[j].State {
		try(moveBoth, costs[i+1][j+1])
	}
	if j < len(c.kernel) {
		try(moveKernel, costs[i][j+1]+price(c.optional(j)))
	}
	if i < len(c.ours) {
		timed := c.ours[i].State == fsm.Closed && c.ours[i].Evidence == analyzer.EvidenceTimer
		try(moveOurs, costs[i+1][j]+price(timed))
	}
	return cost, best
}

// list is the first lines of a long list.
func list(lines []string) string {
	const most = 40
	if len(lines) > most {
		return strings.Join(lines[:most], "\n") + fmt.Sprintf("\n... and %d more", len(lines)-most)
	}
	return strings.Join(lines, "\n")
}
