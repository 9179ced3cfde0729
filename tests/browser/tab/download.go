package tab

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Download does what makes the browser save a file, and answers what is in it.
func (t *Tab) Download(begin func()) string {
	t.tb.Helper()
	folder := t.tb.TempDir()
	_, err := chromedp.CallBrowser(t.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder, EventsEnabled: new(true),
		BrowserContextID: chromedp.FromContext(t.ctx).BrowserContextID,
	})
	if err != nil {
		t.tb.Fatalf("saving files: %v", err)
	}
	begin()
	var text string
	harness.Eventually(t.tb, "for the file", func() bool {
		files, _ := filepath.Glob(filepath.Join(folder, "*"))
		if len(files) != 1 || filepath.Ext(files[0]) == ".crdownload" {
			return false
		}
		read, err := os.ReadFile(files[0])
		text = string(read)
		return err == nil && text != ""
	})
	return text
}
