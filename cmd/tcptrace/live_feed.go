package main

import (
	"context"
	"strings"

	"tcptrace/analyzer"
	"tcptrace/internal/live/feed"
	"tcptrace/report"
)

// runFeed watches what another program captures.
func (o *liveOptions) runFeed(ctx context.Context, e env) error {
	title, in, told := "standard input", e.in, &feed.Told{To: e.err}
	switch {
	case strings.HasPrefix(o.from, feed.Scheme):
		remote, err := feed.ParseRemote(o.from)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		remote.Filter, remote.SnapLen = o.filter, o.captureOptions().SnapLen
		program, err := remote.Start(ctx, told)
		if err != nil {
			return &exitError{exitBadInput, err}
		}
		defer program.Close()
		if err := program.Await(); err != nil {
			return &exitError{exitBadInput, err}
		}
		title, in = o.from, program
	case o.from != "-":
		return usageError("%s is not - or ssh://HOST/INTERFACE: an interface is given by -i, a file to 'tcptrace replay'", report.PlainText(o.from))
	default:
		e.reads([]string{o.from})
	}
	src := feed.New(ctx, in)
	defer src.Close()
	s := o.newSession(src, title, func() analyzer.Time { return analyzer.Time(src.Clock()) }, e)
	if o.hasView(&e) { // it has the terminal
		s.heard = told.Heard
		told.Hold()
		defer told.Release()
	}
	opts := o.loop(&e)
	opts.Duration = 0 // see watch
	return o.watch(ctx, s, opts)
}
