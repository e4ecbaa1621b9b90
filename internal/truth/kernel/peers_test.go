package kernel

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tcptrace/internal/wire"
)

// peersVariable asks for the figures of other programs, too, which takes minutes: each starts once for each capture.
const peersVariable = "TCPTRACE_PEERS"

// peer is another program that tells retransmissions.
type peer struct {
	name    string
	program string
	mark    func(program, path string, frames []frame, is func(*frame)) error // calls is for each frame that it takes for one
}

const numPeers = 2

var peers = [numPeers]peer{
	{"tshark", "tshark", markTshark},
	{"Ostermann's tcptrace", "/usr/bin/tcptrace", markOstermann}, // where Debian has it; ours has the same name
}

// askPeers has each of the peers that are there say which frames are retransmissions.
func (s *scenario) askPeers(path string, frames []frame) error {
	var failed error
	for i := range peers {
		p := &peers[i]
		if why := p.missing(); why != "" {
			continue
		}
		err := p.mark(p.program, path, frames, func(f *frame) { f.peers[i] = true })
		failed = errors.Join(failed, err)
	}
	return failed
}

// missing is why a peer is not asked; empty if it is.
func (p *peer) missing() string {
	if os.Getenv(peersVariable) == "" {
		return "it takes minutes: set " + peersVariable + "=1"
	}
	if _, err := exec.LookPath(p.program); err != nil {
		return "it is not installed"
	}
	return ""
}

func markTshark(program, path string, frames []frame, is func(*frame)) error {
	out, err := exec.Command(program, "-n", "-r", path, "-T", "fields", "-e", "frame.number",
		"-Y", "tcp.analysis.retransmission || tcp.analysis.fast_retransmission || tcp.analysis.spurious_retransmission").Output()
	if err != nil {
		return fmt.Errorf("tshark %s: %w", path, err)
	}
	said := map[uint64]bool{}
	for line := range strings.Lines(string(out)) {
		n, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		if err != nil {
			return err
		}
		said[n] = true
	}
	for i := range frames {
		if said[frames[i].number] {
			is(&frames[i])
		}
	}
	return nil
}

// markOstermann finds the R in his time-sequence graphs, at the time of a segment, in us, and behind its last byte.
func markOstermann(program, path string, frames []frame, is func(*frame)) error {
	dir, err := os.MkdirTemp("", "xplot")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := exec.Command(program, "-n", "-S", "--output_dir="+dir, path).Run(); err != nil {
		return nil // he gives up on some captures, with nothing said
	}
	graphs, err := filepath.Glob(filepath.Join(dir, "*_tsg.xpl"))
	if err != nil {
		return err
	}
	type place struct {
		from string
		time string
	}
	marks := map[place][]uint32{}
	for _, path := range graphs {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		from, last := "", ""
		for sc := bufio.NewScanner(file); sc.Scan(); {
			line := sc.Text()
			if a, b, ok := strings.Cut(line, "_==>_"); ok {
				b, _, _ = strings.Cut(b, " ")
				from = a + ">" + b
			}
			if at := strings.Fields(last); (line == "R" || strings.HasPrefix(line, "R ")) && len(at) == 3 {
				seq, _ := strconv.ParseUint(at[2], 10, 32)
				p := place{from, at[1]}
				marks[p] = append(marks[p], uint32(seq))
			}
			last = line
		}
		file.Close()
	}
	for i := range frames {
		f := &frames[i]
		us := f.time / 1000
		for _, seq := range marks[place{f.title(), fmt.Sprintf("%d.%06d", us/1e6, us%1e6)}] {
			if f.seq+f.size()-seq+1 <= f.size()+1 {
				is(f)
			}
		}
	}
	return nil
}

// title is what his graphs call the direction of a frame.
func (f *frame) title() string {
	return socket(f.from[0], f.ports[0]) + ">" + socket(f.from[1], f.ports[1])
}

func socket(a wire.Addr, port uint16) string {
	ip := netip.AddrFrom4([4]byte{byte(a.Lo >> 24), byte(a.Lo >> 16), byte(a.Lo >> 8), byte(a.Lo)})
	if a.Hi != 0 || a.Lo>>32 != 0 {
		var b [16]byte
		for i := range 8 {
			b[i], b[8+i] = byte(a.Hi>>(56-8*i)), byte(a.Lo>>(56-8*i))
		}
		ip = netip.AddrFrom16(b)
	}
	return fmt.Sprintf("%v:%d", ip, port)
}

// addPeers scores what the peers say of a frame, by the rules of add.
func (s *retransmissionScore) addPeers(f *frame) {
	for i, said := range f.peers {
		if f.truth != nil && (said || f.shown) {
			s.peers[i].recall.add(said)
		}
		if said {
			s.peers[i].precision.add(f.truth != nil)
		}
	}
}

// comparePeers prints the figures of the peers beside ours, and wants ours to be no worse.
func comparePeers(t *testing.T, at tap, s *retransmissionScore) {
	t.Helper()
	t.Logf("%-7s %-21s recall %6.2f %%, precision %6.2f %%", at, "this tcptrace:", s.recall.percent(), s.precision.percent())
	for i := range peers {
		p, theirs := &peers[i], &s.peers[i]
		if why := p.missing(); why != "" {
			t.Logf("%-7s %-21s not asked: %s", at, p.name+":", why)
			continue
		}
		t.Logf("%-7s %-21s recall %6.2f %%, precision %6.2f %%", at, p.name+":", theirs.recall.percent(), theirs.precision.percent())
		if theirs.recall.percent() > s.recall.percent() || theirs.precision.percent() > s.precision.percent() {
			t.Errorf("%s: %s knows retransmissions better", at, p.name)
		}
	}
}
