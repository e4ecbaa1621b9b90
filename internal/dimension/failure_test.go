package dimension

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
)

// failed are the golden captures in which conversations failed, and how, in the order of the failures. Beside a failure there is a
// capture without that comes close: a SYN at the end of a capture (syn-into-closed), a FIN that is never acknowledged
// (fin-given-up), an RST behind all that was sent (aborted, rst-after-fin), an RST that nobody takes (blind-rst), a path that drops what is
// large and then nothing more (mtu-black-hole).
var failed = map[string][]Failure{
	"accept-queue-full":            {ResetInHandshake},
	"answer-in-vain":               {TimedOut},
	"bad-checksum-synack":          {HalfOpen},
	"bad-checksum-unanswered":      {Unanswered},
	"data-to-stranger":             {Cut},
	"earlier-syn-answered":         {ResetInHandshake},
	"fin-behind-hole":              {Undelivered},
	"given-up-by-plain-rst":        {Unanswered},
	"half-open":                    {HalfOpen},
	"half-open-discovered-old":     {Cut},
	"half-open-scan":               {ResetInHandshake},
	"icmp-reject":                  {Unanswered},
	"icmp-stray":                   {Refused},
	"icmp-time-exceeded":           {Unanswered},
	"icmp-too-big-ignored":         {Undelivered},
	"icmp-unreachable":             {Unanswered},
	"keep-alive-in-vain-at-start":  {TimedOut},
	"keep-alive-timeout":           {TimedOut},
	"keep-alive-timeout-one-sided": {TimedOut},
	"large-segments-lost":          {TimedOut},
	"names":                        {Refused},
	"not-tcp":                      {Refused},
	"pool-idle-reset":              {Cut},
	"port-reuse-after-reset":       {Unserved},
	"probe-scan":                   {Refused},
	"refused":                      {Refused},
	"refused-retries":              {Refused},
	"retries-exhausted":            {TimedOut},
	"rst-amid-data":                {Cut},
	"rst-behind-challenge":         {Cut},
	"rst-both-ways":                {Cut},
	"rst-both-ways-idle":           {Cut},
	"rst-injected-early":           {Cut},
	"rst-on-path":                  {Cut},
	"rst-on-path-early":            {Cut},
	"rst-outlived":                 {Cut},
	"rst-with-text":                {Undelivered},
	"self-connect-reset":           {Undelivered},
	"showcase":                     {Refused, Unanswered, HalfOpen},
	"simultaneous-open-reset":      {ResetInHandshake},
	"syn-answered-by-old":          {Cut},
	"syn-fin":                      {ResetInHandshake},
	"syn-fin-scan":                 {ResetInHandshake},
	"synack-unasked":               {HalfOpen, ResetInHandshake},
	"tls-alert":                    {TLSAlert},
	"unanswered":                   {Unanswered},
	"write-after-close":            {Undelivered},
}

// judged hands each conversation with its judgment to a function.
type judged struct {
	judgment analyzer.Judgment
	take     func(c *analyzer.Conversation, j *analyzer.Judgment)
}

func (k *judged) Conversation(c *analyzer.Conversation) error {
	k.judgment.Judge(c)
	k.take(c, &k.judgment)
	return nil
}

// analyze hands the conversations of a golden capture to take.
func analyze(t *testing.T, file string, take func(c *analyzer.Conversation, j *analyzer.Judgment)) {
	t.Helper()
	src := capturefile.Open(file)
	defer src.Close()
	if _, err := analyzer.Run(t.Context(), src, analyzer.Options{}, &judged{take: take}); err != nil {
		t.Fatal(err)
	}
}

func goldens(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/pcaps/*.pcap")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden captures: %v", err)
	}
	return files
}

func TestFailed(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range goldens(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".pcap")
		var got []Failure
		analyze(t, file, func(c *analyzer.Conversation, j *analyzer.Judgment) {
			if f := Failed(c, j); f != NoFailure {
				got = append(got, f)
			}
		})
		slices.Sort(got)
		if !slices.Equal(got, failed[name]) {
			t.Errorf("%s: failures %v, want %v", name, got, failed[name])
		}
		seen[name] = true
	}
	for name := range failed {
		if !seen[name] {
			t.Errorf("there is no golden capture %s", name)
		}
	}
}

// TestResetsExist: a cause that is spelled in another way would never be a failure.
func TestResetsExist(t *testing.T) {
	var names []string
	for cause := range analyzer.NumResetCauses {
		names = append(names, cause.String())
	}
	for name := range resets {
		if !slices.Contains(names, name) {
			t.Errorf("there is no cause %q", name)
		}
	}
}

func TestFailureText(t *testing.T) {
	for f := range NumFailures {
		if f != NoFailure && (f.String() == "" || f.Text() == "") {
			t.Errorf("failure %d has no name or text", f)
		}
	}
}

// TestFailedByAnomaly: what is given up without an RST, and what a path drops, which the golden captures have only beside other signs.
func TestFailedByAnomaly(t *testing.T) {
	for _, test := range []struct {
		id      string
		unacked uint64
		want    Failure
	}{
		{"keep-alive-timeout", 0, TimedOut},
		{"retries-exhausted", 0, TimedOut},
		{"mtu-black-hole", 1, Undelivered},
		{"mtu-black-hole", 0, NoFailure},
		{"packet-loss", 1, NoFailure},
	} {
		c := analyzer.Conversation{Outcome: analyzer.Open}
		c.Sides[1].Unacked = test.unacked
		j := analyzer.Judgment{Anomalies: []analyzer.Anomaly{{Kind: analyzer.FindAnomalyKind(test.id)}}}
		if got := Failed(&c, &j); got != test.want {
			t.Errorf("%s with %d bytes on the way: %q, want %q", test.id, test.unacked, got, test.want)
		}
	}
}
