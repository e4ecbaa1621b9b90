package view

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"tcptrace/analyzer"
	"tcptrace/internal/live"
	"tcptrace/internal/live/kernel"
	"tcptrace/report"
)

// Options say what is shown and where. In and Out are the terminal.
type Options struct {
	Loop    *live.Loop // an analysis that has not begun
	Title   string     // what is captured
	Where   string     // the condition to begin with, as report.Where has it; "": none
	Capture func() (received, dropped uint64)
	Buffers uint64 // bytes that the capture has of the kernel, beside the program's own memory
	// Kernel is what this host's kernel says of an end of a conversation, false if it is not here. It is called
	// on the loop's goroutine. nil: not known of any.
	Kernel func(c *analyzer.Conversation, side analyzer.Side) (kernel.Endpoint, bool)
	// Silent lists connections of which no packet has come, but which a kernel has; nil if that is not known. It is called as Kernel is.
	Silent func() []*analyzer.Conversation
	// Save has the packets of a conversation written, by its first frame, and says what becomes of that. It is called on the loop's goroutine.
	// nil: nothing can be written.
	Save func(first uint64) string
	// Heard is the latest line that the program that captures has said, and how many there were; it may be called at any time. nil: it is this one.
	Heard     func() (last string, lines int)
	In        io.Reader
	Out       io.Writer
	Color     bool
	Services  func(port uint16) string // names of ports; nil: none
	Times     report.Times             // as which times are shown
	QuitAtEnd bool                     // end with the loop; if not set the last that was known stays to be read
}

// View is a terminal view of a loop.
type View struct {
	program *tea.Program
	sampler *sampler
	living  sync.Mutex // held for good once the loop has panicked
}

// framesPerSecond is enough for numbers that change four times a second, and for keys.
const framesPerSecond = 20

// New prepares the view of a loop that does not run yet. It is an error if the condition cannot be compiled.
func New(o Options) (*View, error) {
	m, err := newModel(&o)
	if err != nil {
		return nil, err
	}
	profile := colorprofile.ASCII
	if o.Color {
		profile = colorprofile.ANSI
	}
	return &View{sampler: m.sampler, program: tea.NewProgram(m, tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithFPS(framesPerSecond),
		tea.WithColorProfile(profile), tea.WithoutSignalHandler())}, nil
}

// Forgotten is how many bytes of payload were not kept that was followed. It is for the goroutine of the loop.
func (v *View) Forgotten() uint64 { return v.sampler.forgotten() }

// ErrInterrupted is that the user pressed ctrl+c, which sends no signal while the view has the terminal.
var ErrInterrupted = errors.New("interrupted")

// Run shows the view until the user quits, ctx is done, or, if Options.QuitAtEnd is set, the loop has ended. It neither
// starts nor stops the loop.
func (v *View) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, v.program.Quit)()
	last, err := v.program.Run()
	if m, ok := last.(*model); ok && err == nil && m.interrupted {
		err = ErrInterrupted
	}
	v.living.Lock() // the panic that ended the view is to be seen, not what it made of the view
	defer v.living.Unlock()
	return err
}

// Rescue is for the goroutine that runs the loop, as in defer v.Rescue(): if that panics the terminal is given back
// before the program dies of it. Panics in the view itself need no help.
func (v *View) Rescue() {
	if cause := recover(); cause != nil {
		v.living.Lock()
		v.program.Kill()
		panic(cause)
	}
}

const (
	leastInterval = 250 * time.Millisecond // between two snapshots
	costShare     = 20                     // the least ratio of that interval to what a snapshot takes
)

// interval is when to look again after a snapshot that took so long.
func interval(took time.Duration) time.Duration { return max(leastInterval, costShare*took) }
