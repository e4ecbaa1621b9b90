package kernel

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tcptrace/analyzer/host"
)

// groups knows the control groups (version 2) by their numbers, and what runs in them.
type groups struct {
	root    string             // where they are mounted; "": nowhere
	known   map[uint64]inGroup // also those of which nothing is known
	pending []Key              // endpoints in groups that are looked for
	aside   *aside[walked]
}

// inGroup is what a control group is of.
type inGroup struct{ container, unit string }

// walked is what there was at a time.
type walked struct {
	groups map[uint64]inGroup
	took   time.Duration
}

// Bounds: of groups that are looked at, of those that are remembered, and of endpoints that wait for it.
const (
	mostGroups   = 1 << 15
	mostKnown    = 1 << 16
	mostPending  = 1 << 12
	walkPause    = time.Second
	deepestGroup = 32
)

func newGroups() *groups {
	g := &groups{root: mountOf("cgroup2"), aside: newAside[walked]()}
	g.known = walk(g.root).groups
	return g
}

// mountOf is where a file system of a type is mounted first; "" if it is not.
func mountOf(kind string) string {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == kind {
			return f[1]
		}
	}
	return ""
}

// walk looks at all control groups.
func walk(root string) walked {
	began, found := time.Now(), map[uint64]inGroup{}
	if root == "" {
		return walked{groups: found}
	}
	_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error { // what cannot be read is not known
		switch {
		case err != nil || !d.IsDir():
			return nil
		case len(found) == mostGroups:
			return fs.SkipAll
		case strings.Count(name, "/") > deepestGroup:
			return fs.SkipDir
		}
		if info, err := d.Info(); err == nil {
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				found[s.Ino] = newInGroup(strings.TrimPrefix(name, root))
			}
		}
		return nil
	})
	return walked{found, time.Since(began)}
}

// containerID is how many hexadecimal digits the number of a container has.
const containerID = 64

// newInGroup reads the path of a control group. Of Docker, containerd, CRI-O and Podman the last part of a name is the number of the container;
// the group of a monitor beside it (conmon) is not the container's. Otherwise it is that of a unit of systemd, or of neither.
func newInGroup(name string) (in inGroup) {
	for ; name != "/" && name != "." && name != ""; name = path.Dir(name) {
		base := path.Base(name)
		suffix := path.Ext(base)
		if in.unit == "" && (suffix == ".service" || suffix == ".scope") {
			in.unit = base
		}
		stem := strings.TrimSuffix(base, suffix)
		if suffix != ".service" && suffix != ".scope" {
			stem = base
		}
		before, id := "", stem
		if i := strings.LastIndexAny(stem, "-:"); i >= 0 {
			before, id = stem[:i], stem[i+1:]
		}
		if isContainerID(id) && !strings.HasSuffix(before, "conmon") {
			return inGroup{container: id}
		}
	}
	return in
}

func isContainerID(s string) bool {
	return len(s) == containerID && strings.Trim(s, "0123456789abcdef") == ""
}

// fill adds to a process what it runs in; false if that is still to be found out.
func (g *groups) fill(p *host.Process) bool {
	if p.Cgroup == 0 {
		return true
	}
	in, ok := g.known[p.Cgroup]
	p.Container, p.Unit = in.container, in.unit
	return ok
}

// missed is that an endpoint was told of without that.
func (g *groups) missed(k Key) {
	if g.root != "" && len(g.pending) < mostPending {
		g.pending = append(g.pending, k)
	}
}

// run looks for the groups that are not known, and tells of the endpoints in them once they are.
func (g *groups) run(t *table, now time.Time) {
	if w, ok := g.aside.result(func(w walked) time.Duration { return w.took }); ok {
		if len(g.known) > mostKnown { // they come and go
			g.known = map[uint64]inGroup{}
		}
		maps.Copy(g.known, w.groups)
		pending := g.pending
		g.pending = nil
		for _, k := range pending {
			e := t.endpoints[k]
			if e == nil {
				continue
			}
			if _, ok := g.known[e.Process.Cgroup]; !ok { // it is no more
				g.known[e.Process.Cgroup] = inGroup{}
			}
			t.tell(Change{Endpoint: *e, Before: e.State, Time: now, Found: true})
		}
	}
	if len(g.pending) > 0 && g.aside.ready(now) {
		root := g.root
		g.aside.start(now, walkPause, func() walked { return walk(root) })
	}
}
