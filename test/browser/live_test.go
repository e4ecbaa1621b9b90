package browser

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// watched is a tcptrace that watches the loopback interface, and the address of its page.
type watched struct {
	*exec.Cmd
	page string
}

var pageAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/\S+/`)

// watch watches the connections to a port.
func watch(t *testing.T, port int) *watched {
	t.Helper()
	if chromium == "" {
		t.Skip("no Chromium: Debian's package chromium has it")
	}
	cmd := exec.Command(program, "live", "-i", "lo", "-f", fmt.Sprint("tcp port ", port), "--format", "ndjson", "--web", ":0")
	notes, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	in := bufio.NewScanner(notes)
	for text := ""; in.Scan(); {
		text += in.Text()
		if address := pageAddress.FindString(text); address != "" {
			go func() { _, _ = io.Copy(io.Discard, notes) }()
			return &watched{cmd, address}
		}
		if strings.Contains(text, "ermission") || strings.Contains(text, "not permitted") {
			t.Skip("no right to capture: ", text)
		}
	}
	t.Fatal("tcptrace has ended without an address of a page")
	return nil
}

// ends are both ends of a connection.
type ends struct{ client, server net.Conn }

func (e *ends) say(t *testing.T, from, to net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(from, text); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(to, make([]byte, len(text))); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, l net.Listener) *ends {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return &ends{client, server}
}

const (
	diagramSays = `document.querySelector(".diagram")?.getAttribute("aria-label").split(": ")[1]`
	liveStatus  = `document.getElementById("live").textContent`
)

// TestLive: the page follows a real connection from its handshake to its end, in the table and segment by segment, can be held, and knows when tcptrace
// has ended. tcptrace has given up its rights by then.
func TestLive(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tcptrace := watch(t, l.Addr().(*net.TCPAddr).Port)
	b := open(t, tcptrace.page, "", 1280, 900)
	b.is(liveStatus, "live")
	b.is(shown, "0 conversations")
	c := connect(t, l)
	b.is(shown, "1 conversation")
	b.is(`document.querySelector("tr[data-i] td.col-serverState").textContent`, "ESTABLISHED")
	c.say(t, c.client, c.server, "how are you?")
	b.is(`document.querySelector("tr[data-i] td.col-sent").textContent`, "12 B")

	b.focus(`tr[data-k="0"]`)
	b.press(kb.Enter)
	b.is(diagramSays, "the client is in ESTABLISHED, the server in ESTABLISHED")
	c.say(t, c.server, c.client, strings.Repeat("fine. ", 1000))
	b.holds(`document.querySelector("#pane-sequence-1").hidden === false && document.querySelector(".readout").textContent.includes("6,00")`)
	b.press("p")
	b.is(`document.getElementById("pause").textContent`, "▶ Go on")
	c.client.Close()
	c.server.Close()
	b.is(diagramSays, "the client is in ESTABLISHED, the server in ESTABLISHED")
	b.press("p")
	b.is(diagramSays, "the client is in TIME_WAIT, the server in CLOSED")

	b.press(kb.Escape)
	b.focus("#search")
	b.press("closed") // what is typed stays while more comes
	connect(t, l)
	b.is(shown, "1 of 2 conversations")
	b.is(`document.activeElement.id + " " + document.activeElement.value`, "search closed")
	b.run(`{ const s = document.getElementById("search"); s.value = ""; s.dispatchEvent(new Event("input")); }`)
	b.is(shown, "2 conversations")
	b.click(`tr[data-k="1"]`) // which was not there when the table was made
	b.is(`location.hash.split("&")[0]`, "#stream=1")
	b.is(`document.getElementById("stream-title")?.textContent.slice(0, 9)`, "Stream 1 ")
	b.press(kb.Escape)
	b.is(shown, "2 conversations")
	b.focus("#search")
	b.press("closed")
	b.is(shown, "1 of 2 conversations")
	b.calm()
	if err := tcptrace.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	b.is(liveStatus, "the capture has ended")
	b.is(shown, "1 of 2 conversations")
	b.calm()
}
