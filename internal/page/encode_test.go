package page

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestNumbers: a column is read by the page as it was written, be it a list or a text; as a text it says once what is there more than twice.
func TestNumbers(t *testing.T) {
	long := make([]int64, plainNumbers+1)
	copy(long, []int64{1, 1, 5, 5, 5, -5, 15, 16, -16, 511, 512, math.MaxInt32, -math.MaxInt32, 1<<52 - 1, -(1<<52 - 1), 0, 7})
	long[plainNumbers] = 3
	for _, list := range [][]int64{nil, long[:plainNumbers], long} {
		var out bytes.Buffer
		e := &encoder{Writer: bufio.NewWriter(&out)}
		e.numbers(list)
		e.Flush()
		text := out.String()
		if isText := strings.HasPrefix(text, `"`); isText != (len(list) > plainNumbers) {
			t.Errorf("%d numbers: %.40s", len(list), text)
		} else if !isText {
			var got []int64
			if err := json.Unmarshal(out.Bytes(), &got); err != nil || !slices.Equal(got, list) {
				t.Errorf("%v, %v", got, err)
			}
		} else if want := `"CCK*EJegBf`; !strings.HasPrefix(text, want) || !strings.HasSuffix(text, `G"`) || len(text) > 100 {
			t.Errorf("%s, want %s…", text, want)
		} else if node, err := exec.LookPath("node"); err == nil {
			script := `import { numbers } from "./assets/data.mjs"; process.stdout.write(JSON.stringify([...numbers(` + text + `, 1001)]));`
			back, err := exec.Command(node, "--input-type=module", "-e", script).Output()
			var got []int64
			if err != nil || json.Unmarshal(back, &got) != nil || !slices.Equal(got, list) {
				t.Errorf("read back: %v, %.200s", err, back)
			}
		}
	}
}
