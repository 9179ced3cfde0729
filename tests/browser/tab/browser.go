// Package tab is a tab of a headless Chromium with a person before it, who
// notes whatever nobody should meet.
package tab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// patience bounds every wait: long enough for a busy machine.
const patience = 30 * time.Second

// names resolve to the loopback in the browser, whatever is below them; others
// do not resolve, so that a page that asks elsewhere gets nothing from there.
const names = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"

type process struct {
	ctx context.Context
	end func()
	err error
}

var started atomic.Bool

// chromium is the one of this test process; each tab has its own cookies.
var chromium = sync.OnceValue(func() process {
	started.Store(true)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", names),
		// Certificates are other tests' subject: here they are made on the spot.
		chromedp.IgnoreCertErrors,
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Env("FONTCONFIG_FILE="+filepath.Join(harness.Root(), "tests", "browser", "tab", "testdata", "fonts.conf")),
	)
	if os.Geteuid() == 0 {
		// Chromium refuses to start as root in its sandbox. CI may be root, in a
		// container; a developer is not, and keeps the sandbox.
		options = append(options, chromedp.NoSandbox)
	}
	var output strings.Builder
	options = append(options, chromedp.CombinedOutput(&output))
	allocator, endAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocator)
	p := process{ctx: ctx, end: func() { end(); endAll() }}
	if err := chromedp.Do(ctx); err != nil {
		p.err = fmt.Errorf("starting Chromium (Debian: apt-get install chromium): %w\n%s", err, output.String())
	}
	return p
})

// Main runs the tests and ends the browser that they have started.
func Main(m *testing.M) int {
	code := m.Run()
	if started.Load() {
		chromium().end()
	}
	return code
}
