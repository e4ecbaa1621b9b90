package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Notes say what is not known, or not at once, and why.
func (w *Watcher) Notes() (list []string) {
	if w.lacks != nil {
		list = append(list, fmt.Sprintf("the kernel is asked about connections once a second, because it does not tell: %v", w.lacks))
	}
	if w.program != nil {
		said := ""
		for _, l := range w.program.lacks {
			why := l.why()
			if why == said {
				list = append(list, l.note("for the same reason"))
				continue
			}
			list, said = append(list, l.note(why)), why
		}
	}
	switch blind := w.Blind(); {
	case blind != "":
		list = append(list, blind)
	case w.helper != nil && w.helper.unseen.Load() > 0:
		list = append(list, fmt.Sprintf("the connections of %d processes are shown without their process: to see what other users' processes have open takes root, or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH", w.helper.unseen.Load()))
	}
	return list
}

// Blind tells that processes are not looked for, or not any more; "": they are.
func (w *Watcher) Blind() string {
	if w.search.failed == nil {
		return ""
	}
	return fmt.Sprintf("processes are not looked for, and known by their calls only where BPF tells of these: %v", w.search.failed)
}

// lack is an optional BPF program that the kernel does not run.
type lack struct {
	program string // of states.bpf.c
	err     error
}

// why is why it does not run.
func (l *lack) why() string {
	if errors.Is(l.err, fs.ErrPermission) { // what the library guesses besides is about kernels before 5.11
		mode, _ := os.ReadFile(lockdown)
		return forbidden(string(mode))
	}
	return l.err.Error()
}

// note tells what is not known without it, and why.
func (l *lack) note(why string) string {
	return fmt.Sprintf(map[string]string{
		"connect": "a connection that this host opens is known when it is answered or given up, or when the kernel is asked, once a second: it does not report calls of tcp_connect: %s",
		"accept":  "a connection that was accepted is shown with the process that listens until it has been looked up who has it: the kernel does not report calls of inet_csk_accept: %s",
		"holders": "who has sockets is looked up in /proc, which takes longer: BPF does not list it: %s",
	}[l.program], why)
}

// lockdown is how far the kernel is locked down, where that can be read: the mode that is in force stands in brackets.
const lockdown = "/sys/kernel/security/lockdown"

// forbidden says what forbids a program, though another one was permitted, for which the same rights are needed, and what to do.
func forbidden(mode string) string {
	if strings.Contains(mode, "[integrity]") || strings.Contains(mode, "[confidentiality]") {
		return "it is not permitted, as the kernel is locked down (kernel_lockdown(7)); booted with lockdown=none it may permit it"
	}
	return "it is not permitted, though this program has the rights: the kernel is locked down (then dmesg says so), or a security module or the " +
		"container forbids it, and has to be told otherwise"
}
