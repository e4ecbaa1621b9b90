package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tcptrace/internal/input"
	"tcptrace/internal/live"
	"tcptrace/internal/live/capture"
	"tcptrace/internal/live/dump"
	"tcptrace/internal/live/kernel"
	"tcptrace/internal/live/metrics"
	"tcptrace/internal/live/observe"
	"tcptrace/internal/manual"
	"tcptrace/report"
)

// liveOptions are the flags of the live command.
type liveOptions struct {
	watchOptions
	interfaces  []string
	list        bool
	dashboard   bool
	snapLen     int
	promiscuous bool
	buffer      dump.Size
	noSandbox   bool
	verbose     bool
	kernel      string
	from        string // "-" or ssh://HOST/INTERFACE, in place of interfaces
}

const (
	headersOnly  = 128    // enough for Ethernet, VLAN tags, IPv6 and all TCP options
	wholePackets = 262144 // what tcpdump takes
)

func newLiveCommand(e env) *cobra.Command {
	o := liveOptions{buffer: 128 << 20}
	cmd := &cobra.Command{
		Use:   "live -i IFACE | live - | live ssh://HOST/IFACE",
		Short: "Analyze the traffic of an interface as it happens",
		Long: `live captures and analyzes at the same time. On a terminal it shows a table of connections, from which you can open
one to watch its segments. Otherwise, and with --format ndjson, it writes events: a conversation was opened, an endpoint
changed state, an anomaly was found, a connection was closed. An event that later packets disprove is retracted by
another (correction). 'tcptrace schema event' describes them.

Instead of capturing on an interface of this host, - reads a capture from standard input while another program makes it, and
ssh://[USER@]HOST[:PORT]/IFACE runs tcpdump on another host through the system's ssh; its own connection is left out.

Opening the interfaces needs the right to capture (CAP_NET_RAW). Once they are open, live drops all privileges, and exits
if it cannot.

` + filterHelp,
		Example: `  tcptrace live --list
  tcptrace live -i eth0 -f 'port 443'
  tcptrace live -i any --format ndjson --until 'outcome == "reset"'
  tcptrace live -i eth0 -w ring.pcapng --rotate-size 100MB --max-files 20 --compress zstd
  tcptrace live -i eth0 -w resets.pcapng --keep-on abortive-close --keep-on rst-after-fin
  tcptrace live -i eth0 --format ndjson --metrics :9310 > events.ndjson
  tcptrace live -i eth0 --format ndjson --web :8080 > events.ndjson
  tcptrace live ssh://root@10.0.0.2/eth0 -f 'port 443'
  ssh web1 sudo tcpdump -U -w - port 443 | tcptrace live -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.from = strings.Join(args, "")
			switch {
			case o.dashboard:
				_, err := e.raw.Write(metrics.Dashboard)
				return err
			case o.list:
				return capture.WriteList(e.out)
			}
			return runLive(cmd.Context(), &o, e)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVarP(&o.interfaces, "interface", "i", nil, "capture on this `interface` (may be repeated); any means all of them")
	f.BoolVar(&o.list, "list", false, "list the interfaces and whether they can be opened")
	o.addFilter(cmd)
	f.IntVar(&o.snapLen, "snaplen", 0, fmt.Sprintf("`bytes` to capture of each packet (default: %d, or all with -w)", headersOnly))
	f.BoolVar(&o.promiscuous, "promiscuous", false, "also capture packets for other hosts")
	f.Var(&o.buffer, "buffer", "`size` of the kernel's buffer for each interface")
	o.addWatching(cmd, e)
	f.BoolVarP(&o.verbose, "verbose", "v", false, "say what the program can still do once the interfaces are open")
	f.BoolVar(&o.noSandbox, "no-sandbox", false, "keep all privileges once the interfaces are open, and access to all files and the network")
	choiceFlag(cmd, &o.kernel, "kernel", kernelChoices, ": report what this host's kernel says about its ends of connections, in addition to what is inferred")
	f.BoolVar(&o.dashboard, "dashboard", false, "print a Grafana dashboard for the metrics of --metrics")
	manual.GroupFlags(cmd, append([]manual.Group{{"Capture", "interface"}, {"Other", "dashboard"}}, watchGroups...)...)
	return cmd
}

func (o *liveOptions) check() error {
	switch {
	case o.from != "" && len(o.interfaces) > 0:
		return usageError("-i is an interface of this host; %s comes from elsewhere", report.PlainText(o.from))
	case o.from == "-" && o.filter != "":
		return usageError("-f is for whoever captures: give the filter to the program in front of the pipe")
	case o.from == "" && len(o.interfaces) == 0:
		return usageError("-i is missing: which interface? 'tcptrace live --list' lists them")
	case len(o.filter) > input.MaxFilter:
		return usageError("the filter is longer than %d bytes", input.MaxFilter)
	case o.from != "" && o.kernel == "on":
		return usageError("--kernel is about connections of this host; %s comes from elsewhere", report.PlainText(o.from))
	case o.snapLen < 0 || o.snapLen > wholePackets:
		return usageError("--snaplen is from 1 to %d", wholePackets)
	case o.buffer < 1<<16 || o.buffer > 2<<30:
		return usageError("--buffer is from 64KiB to 2GiB")
	}
	return o.watchOptions.check()
}

// captureOptions are those that the capture takes.
func (o *liveOptions) captureOptions() capture.Options {
	c := capture.Options{
		Interfaces: o.interfaces, Filter: o.filter, SnapLen: o.snapLen, Promiscuous: o.promiscuous, BufferSize: int(o.buffer), Rings: live.Workers(o.workers),
	}
	if c.SnapLen == 0 {
		c.SnapLen = headersOnly
		if o.write.Path != "" {
			c.SnapLen = wholePackets
		}
	}
	return c
}

func runLive(ctx context.Context, o *liveOptions, e env) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.from != "" {
		return o.runFeed(ctx, e)
	}
	src, err := capture.Open(o.captureOptions())
	if err != nil {
		return &exitError{exitBadInput, err}
	}
	defer src.Close()
	s := o.newSession(src, strings.Join(o.interfaces, ", "), observe.NewClock().Now, e)
	if err := o.openKernel(s); err != nil {
		return err
	}
	defer s.CloseKernel()
	opts := o.loop(&e)
	opts.Dropped, opts.Waited, opts.Buffer = func() uint64 { return src.Stats().Drops }, observe.Waited, src.Buffers()
	return o.watch(ctx, s, opts)
}

// watch analyzes what comes, without rights.
func (o *liveOptions) watch(ctx context.Context, s *session, opts live.Options) error {
	opts.Clock, opts.Live = s.Clock, true
	if err := s.open(ctx, live.New(s.Source, opts)); err != nil {
		return err
	}
	rights := "all privileges are kept"
	if !o.noSandbox {
		d := drop(capture.DropOptions{Write: o.write.Directories(), Listen: s.Server.Port()})
		if err := s.confine(d); err != nil {
			return err
		}
		rights = d.String()
	}
	if o.verbose {
		s.Note("rights from here on: %s%s", rights, s.KernelStays())
	}
	if o.by != "" && s.e.errTTY {
		s.Note("the table comes at the end: ctrl+c ends the capture")
	}
	if o.from != "" && o.duration > 0 { // the clock of whoever captures may not be known yet
		defer time.AfterFunc(o.duration, func() { s.Loop.Do(s.Loop.Stop) }).Stop()
	}
	return s.run(ctx)
}

// drop is replaced in tests, whose process is to keep its rights.
var drop = capture.Drop

// confine tells what is not in force of the restrictions that the system does not have, and fails for others.
func (s *session) confine(d capture.Dropped) error {
	if err := d.Failed(); err != nil {
		return fmt.Errorf("privileges could not be given up: %w; --no-sandbox captures with all of them", err)
	}
	if err := d.Missing(); err != nil {
		s.Note("%v", err)
	}
	return nil
}

// kernelChoices are the values of --kernel: whether live ends without what it takes.
var kernelChoices = report.Choices[bool]{
	{Name: "auto", Help: "tell what this host's kernel says of its connections, if it can be asked"},
	{Name: "on", Help: "end if it cannot", Is: true},
	{Name: "off", Help: "do not ask"},
}

// openKernel asks the kernel from now on.
func (o *liveOptions) openKernel(s *session) (err error) {
	must, err := choose("kernel", o.kernel, kernelChoices)
	if err != nil || o.kernel == "off" {
		return err
	}
	s.Kernel, err = kernel.Open()
	switch {
	case err != nil && must:
		return &exitError{exitBadInput, err}
	case err != nil:
		s.Note("the kernel is not asked about connections: %v", err)
	default:
		s.NoteKernel()
	}
	return nil
}
