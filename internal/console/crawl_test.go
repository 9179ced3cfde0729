package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

// sheet is a page as a browser reads it.
type sheet struct {
	path, text string
	nodes      []*html.Node
}

func read(t *testing.T, path, text string) sheet {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	s := sheet{path: path, text: text}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			s.nodes = append(s.nodes, n)
		}
	}
	return s
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func value(n *html.Node, name string) string {
	text, _ := attribute(n, name)
	return text
}

// all are the elements of one of these names.
func (s sheet) all(names ...string) []*html.Node {
	var found []*html.Node
	for _, n := range s.nodes {
		if slices.Contains(names, n.Data) {
			found = append(found, n)
		}
	}
	return found
}

func (s sheet) withID(id string) *html.Node {
	for _, n := range s.nodes {
		if value(n, "id") == id {
			return n
		}
	}
	return nil
}

// crawl follows every link from the overview, as the visitor, and answers all
// pages. Every link must lead somewhere.
func (w *world) crawl(a access.Actor, from ...string) []sheet {
	w.t.Helper()
	queue, seen := append([]string{"/"}, from...), map[string]bool{}
	var pages []sheet
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		require.Less(w.t, len(seen), 2000, "the links of the console never end")
		answer := w.get(a, path)
		if answer.Code == http.StatusSeeOther {
			queue = append(queue, answer.Header().Get("Location"))
			continue
		}
		if !assert.Equal(w.t, http.StatusOK, answer.Code, "%s follows a link to %s", a.Name, path) {
			continue
		}
		if strings.HasPrefix(path, "/assets/") {
			continue
		}
		page := read(w.t, path, answer.Body.String())
		pages = append(pages, page)
		for _, n := range page.all("a", "link", "script") {
			at := value(n, "href") + value(n, "src")
			u, err := url.Parse(at)
			require.NoError(w.t, err, at)
			require.Empty(w.t, u.Host+u.Scheme, "%s links to %s", path, at)
			if u.Fragment != "" && u.Path == "" {
				assert.NotNil(w.t, page.withID(u.Fragment), "%s has no %s to link to", path, at)
				continue
			}
			u.Fragment = ""
			queue = append(queue, u.String())
		}
	}
	return pages
}

// Following links is all that crawling does, and so must change nothing.
func TestEveryLinkLeadsSomewhereAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.fill()
	before := w.entries()
	for _, a := range []access.Actor{olga, paul, carla, rita, rolf, fay} {
		drafts := w.drafts()
		pages := w.crawl(a)
		assert.Greater(t, len(pages), 8, a.Name)
		assert.Equal(t, before, w.entries(), "%s only looked", a.Name)
		assert.Equal(t, drafts, w.drafts(), "%s only looked", a.Name)
	}
}

func TestNobodySeesWhatIsOthers(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	for _, row := range []struct {
		who   access.Actor
		never []string
	}{
		{carla, []string{x.app.ID.String(), "Reference TV", "REF31", "Thirty-one", x.draft.ID.String(), "Autumn", x.appOfFox.ID.String(), "Fox", "FOX", "PROXY1", "21,345", "12,345", x.statement.ID.String(), "Tizen, "}},
		{paul, []string{x.appOfFox.ID.String(), "Fox", "FOX", "PROXY1", "Proxy One", "21,345", "stolen keys"}},
		{rolf, []string{x.appOfFox.ID.String(), "Fox", "FOX", "PROXY1", "21,345", "stolen keys"}},
		{fay, []string{x.app.ID.String(), x.appOfChannel.ID.String(), x.client.String(), "Reference", "REF30", "REF31", "Autumn", "PROXY1", "stolen keys"}},
	} {
		for _, page := range w.crawl(row.who) {
			for _, text := range row.never {
				assert.NotContains(t, page.text, text, "%s is shown %s at %s", row.who.Name, text, page.path)
			}
		}
	}
}

// What every page has in common, for those who do not see it or have no mouse.
func TestEveryPageIsBuiltForEverybody(t *testing.T) {
	w := newWorld(t)
	w.fill()
	for _, page := range w.crawl(olga) {
		if page.path == "/live" {
			continue
		}
		assert.Len(t, page.all("h1"), 1, page.path)
		assert.Len(t, page.all("main"), 1, page.path)
		assert.Equal(t, "en", value(page.all("html")[0], "lang"), page.path)
		assert.NotEmpty(t, page.all("title")[0].FirstChild.Data, page.path)
		assert.Equal(t, "#main", value(page.all("a")[0], "href"), "%s begins with a way past the navigation", page.path)
		page.checkNames(t)
		page.checkTables(t)
		page.checkPolicy(t)
	}
}

// checkNames finds whether each field has a label, and each id is one.
func (s sheet) checkNames(t *testing.T) {
	ids, labelled := map[string]bool{}, map[string]bool{}
	for _, n := range s.nodes {
		if id, ok := attribute(n, "id"); ok {
			assert.False(t, ids[id], "%s has two %s", s.path, id)
			assert.NotEmpty(t, id, s.path)
			ids[id] = true
		}
		if n.Data == "label" {
			labelled[value(n, "for")] = true
		}
	}
	for _, n := range s.nodes {
		for _, name := range []string{"aria-describedby", "aria-labelledby", "for"} {
			for _, id := range strings.Fields(value(n, name)) {
				assert.True(t, ids[id], "%s: %s of a %s names %s, which is not there", s.path, name, n.Data, id)
			}
		}
	}
	for _, n := range s.all("input", "select", "textarea") {
		wrapped := n.Parent.Data == "label"
		assert.True(t, value(n, "type") == "hidden" || wrapped || labelled[value(n, "id")], "%s: the field %s has no label", s.path, value(n, "name"))
	}
	for _, n := range s.all("form") {
		method := value(n, "method")
		assert.Contains(t, []string{"get", "post"}, method, s.path)
		assert.True(t, strings.HasPrefix(value(n, "action"), "/"), s.path)
	}
}

func (s sheet) checkTables(t *testing.T) {
	for _, table := range s.all("table") {
		caption := false
		for n := range table.Descendants() {
			caption = caption || n.Data == "caption"
			if n.Data == "th" {
				assert.Contains(t, []string{"col", "row"}, value(n, "scope"), "%s: a heading of a table says of what", s.path)
			}
		}
		assert.True(t, caption, "%s: a table without a caption", s.path)
	}
	for _, svg := range s.all("svg") {
		if value(svg, "aria-hidden") != "true" {
			assert.Equal(t, "img", value(svg, "role"), s.path)
			assert.NotEmpty(t, value(svg, "aria-labelledby"), s.path)
		}
	}
}

// checkPolicy finds what the policy of the page forbids, which a browser would
// leave out.
func (s sheet) checkPolicy(t *testing.T) {
	for _, n := range s.nodes {
		for _, a := range n.Attr {
			assert.NotEqual(t, "style", a.Key, "%s: %s", s.path, a.Val)
			assert.False(t, strings.HasPrefix(a.Key, "on"), "%s: %s=%s", s.path, a.Key, a.Val)
		}
		switch n.Data {
		case "script":
			assert.NotEmpty(t, value(n, "src"), s.path)
			assert.Nil(t, n.FirstChild, s.path)
		case "style", "iframe", "object", "embed", "base", "img":
			t.Errorf("%s has a %s", s.path, n.Data)
		}
	}
}

// entries is the number of the newest entry of the audit.
func (w *world) entries() uint64 {
	page, err := w.service.AuditEntries(within(w.t), olga, auditAll, part(1))
	require.NoError(w.t, err)
	return page.Entries[0].Seq
}

func (w *world) drafts() int {
	list, err := w.service.ChangeSets(olga, setAll, part(0))
	require.NoError(w.t, err)
	return len(list.ChangeSets)
}
