package view

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"tcptrace/analyzer"
	"tcptrace/report"
)

// screen is what is shown.
type screen uint8

const (
	screenTable screen = iota
	screenLadder
	screenNews
	screenPayload
)

// model is the state of the view. It is touched by the goroutine of the program only; what a command of its does
// to a snapshot it does before it hands that over.
type model struct {
	opts    Options
	sampler *sampler
	paint   painter
	height  int

	table        *snapshot // what the table shows
	conversation *snapshot // what the ladder shows
	spare        *snapshot // is not shown, and may be written
	status       status    // the newest, also while paused
	rate         float64   // packets a second
	since        status    // from which the next rate is measured
	sinceBar     status    // from which the next bars are
	rates        history   // of packets
	losses       history   // of packets that were sent again
	waiting      bool      // for a snapshot
	hasty        bool      // something else is wanted than what is waited for

	screen screen
	help   bool
	paused bool
	noMice bool // the mouse is the terminal's

	interrupted bool // by ctrl+c, which is a key here

	rows     []*row // of shot, as they are shown
	layout   layout
	sort     int // of columns
	reversed bool
	hiding   bool   // those that are over
	page     int    // of columns
	selected uint64 // first frame
	cursor   int    // of rows
	top      int    // of rows: the first that is visible

	filter filter
	prompt prompt
	asking bool
	wrong  string // what is wrong with the expression
	said   string // what the last key did, if that is not to be seen, or what Options.Heard has
	heard  int    // how many lines of that were shown

	ladder  ladder
	news    newsList
	payload payload
}

// filter is a condition. Two goroutines ask it, so there are two of it.
type filter struct {
	text string
	loop *report.Where
	here *report.Where
}

func newFilter(text string) (filter, error) {
	if text == "" {
		return filter{}, nil
	}
	loop, err := report.CompileWhere(text)
	if err != nil {
		return filter{}, err
	}
	here, err := report.CompileWhere(text)
	return filter{text, loop, here}, err
}

func newModel(o *Options) (*model, error) {
	f, err := newFilter(o.Where)
	if err != nil {
		return nil, err
	}
	m := &model{
		opts: *o, sampler: newSampler(o), paint: painter{color: o.Color, services: o.Services}, table: &snapshot{}, conversation: &snapshot{}, spare: &snapshot{},
		sort: colRate, filter: f,
	}
	m.ladder.time = report.StyleOf(o.Times)
	if o.Times == 0 { // unless another is asked for
		m.ladder.time = report.RelativeTime
	}
	return m, nil
}

// taken is a snapshot that was asked for.
type taken struct {
	shot *snapshot
	q    request
}

// again says that it is time for a snapshot.
type again struct{}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return m.sample() }

// sample asks for a snapshot, or notes that the one that comes is not what is wanted.
func (m *model) sample() tea.Cmd {
	if m.waiting {
		m.hasty = true
		return nil
	}
	m.waiting = true
	q := request{into: m.spare, counts: m.paused, ranking: columns[m.sort].ranking, filter: m.filter}
	switch m.screen {
	case screenLadder:
		q.ladder = m.ladder.first
	case screenPayload:
		q.payload = m.payload.first
	}
	s := m.sampler
	return func() tea.Msg { return taken{s.take(&q), q} }
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.paint.width, m.height = max(0, msg.Width), max(0, msg.Height)
		m.ladder.stale, m.payload.stale = true, true
		m.arrange()
		return m, tea.ClearScreen // what a terminal leaves of the old size is its own affair
	case again:
		return m, m.sample()
	case taken:
		return m, m.take(&msg)
	case tea.PasteMsg:
		if m.asking {
			m.prompt.insert(msg.Content)
		}
	case saved:
		m.said = string(msg)
	case tea.KeyPressMsg:
		m.said = ""
		return m, m.key(msg)
	case tea.MouseWheelMsg:
		m.wheel(msg)
	case tea.MouseClickMsg:
		return m, m.click(msg)
	}
	return m, nil
}

// take shows a snapshot, unless another is wanted by now.
func (m *model) take(t *taken) tea.Cmd {
	m.waiting = false
	m.measure(&t.shot.status)
	m.listenTo(m.opts.Heard)
	if !t.q.counts && !m.paused && (m.screen == screenLadder) == (t.q.ladder != 0) && (m.screen == screenPayload) == (t.q.payload != 0) {
		switch m.screen {
		case screenLadder:
			m.conversation, m.spare = t.shot, m.conversation
			m.ladder.stale = true
		case screenPayload:
			m.conversation, m.spare = t.shot, m.conversation
			m.payload.stale = true
		default:
			m.table, m.spare = t.shot, m.table
			m.news.take(m.table.news)
			m.arrange()
		}
	}
	switch {
	case m.hasty:
		m.hasty = false
		return m.sample()
	case m.status.over && m.opts.QuitAtEnd:
		return tea.Quit
	case m.status.over:
		return nil // nothing new can come
	}
	return tea.Tick(interval(t.shot.took), func(time.Time) tea.Msg { return again{} })
}

// listenTo shows the latest line that whoever captures has said, until a key is pressed.
func (m *model) listenTo(heard func() (last string, lines int)) {
	if heard == nil {
		return
	}
	if last, lines := heard(); lines > m.heard {
		m.said, m.heard = last, lines
	}
}

// leastSpan is how long packets are counted for a rate, of the capture's time. Keys bring snapshots that are closer together.
const leastSpan = analyzer.Time(50 * time.Millisecond)

// measure takes what the status line says.
func (m *model) measure(s *status) {
	m.status = *s
	m.measureBars(s)
	switch span := s.now - m.since.now; {
	case s.over:
		m.rate = 0
	case m.since.now == 0:
		m.since = *s
	case span >= leastSpan:
		m.rate = float64(s.sum.Packets-m.since.sum.Packets) / (float64(span) / 1e9)
		m.since = *s
	}
}

// measureBars adds to the bars when it is time.
func (m *model) measureBars(s *status) {
	switch span := s.now - m.sinceBar.now; {
	case s.over:
	case m.sinceBar.now == 0:
		m.sinceBar = *s
	case span >= historySpan:
		m.rates.add(float64(s.sum.Packets-m.sinceBar.sum.Packets) / float64(span))
		m.losses.add(float64(s.resent-m.sinceBar.resent) / float64(span))
		m.sinceBar = *s
	}
}

// arrange decides which rows are shown, and in which order.
func (m *model) arrange() {
	m.rows = m.rows[:0]
	for i := range m.table.rows {
		r := &m.table.rows[i]
		if m.hiding && r.over {
			continue
		}
		if m.filter.here != nil && m.filter.text != m.table.filtered {
			if ok, err := m.filter.here.Match(&r.c); !ok || err != nil {
				continue
			}
		}
		m.rows = append(m.rows, r)
	}
	col := &columns[m.sort]
	slices.SortStableFunc(m.rows, func(a, b *row) int {
		order := col.compare(a, b)
		if col.down != m.reversed {
			order = -order
		}
		if order == 0 {
			order = columns[colStream].compare(a, b)
		}
		return order
	})
	m.layout = newLayout(m.rows, m.paint.width, m.page)
	m.cursor = min(m.cursor, max(0, len(m.rows)-1))
	if i := slices.IndexFunc(m.rows, func(r *row) bool { return r.c.FirstFrame == m.selected }); i >= 0 {
		m.cursor = i
	}
	m.scroll()
}

// scroll brings the selected row into sight.
func (m *model) scroll() {
	visible := m.tableHeights().rows
	m.top = max(0, min(m.top, m.cursor, len(m.rows)-visible))
	m.top = max(m.top, m.cursor-visible+1)
}

// move selects another row.
func (m *model) move(by int) {
	m.cursor = max(0, min(m.cursor+by, len(m.rows)-1))
	if m.selected = 0; len(m.rows) > 0 {
		m.selected = m.rows[m.cursor].c.FirstFrame
	}
	m.scroll()
}

// open shows the ladder of the selected row.
func (m *model) open() tea.Cmd {
	if len(m.rows) == 0 {
		return nil
	}
	m.move(0)
	m.screen, m.paused = screenLadder, false
	m.ladder.open(m.rows[m.cursor].c.FirstFrame)
	return m.sample()
}

// close goes back to the table.
func (m *model) close() tea.Cmd {
	m.screen, m.paused = screenTable, false
	return m.sample()
}

// pause stops and resumes what is shown. The capture goes on.
func (m *model) pause() tea.Cmd {
	m.paused = !m.paused
	return m.sample()
}

// sortBy sorts by another column.
func (m *model) sortBy(step int) tea.Cmd {
	shown := shownColumns(m.rows)
	n := len(shown)
	m.sort, m.reversed = shown[(max(0, slices.Index(shown, m.sort))+step+n)%n], false
	m.arrange()
	if m.paused {
		return nil
	}
	return m.sample()
}

// ask begins to type a condition.
func (m *model) ask() {
	m.asking, m.wrong, m.prompt = true, "", newPrompt(m.filter.text)
}

// answer applies what was typed. If it is wrong it can be typed on.
func (m *model) answer() tea.Cmd {
	f, err := newFilter(m.prompt.String())
	if err != nil {
		m.wrong = err.Error()
		return nil
	}
	return m.show(f)
}

// showAll shows all conversations again, if only some were shown.
func (m *model) showAll() tea.Cmd {
	if m.filter.text == "" {
		return nil
	}
	return m.show(filter{})
}

// show shows what a filter selects.
func (m *model) show(f filter) tea.Cmd {
	m.asking, m.wrong, m.filter = false, "", f
	m.arrange()
	if m.paused {
		return nil
	}
	return m.sample()
}
