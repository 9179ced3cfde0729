package browser

import (
	"flag"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/tests/browser/tab"
)

var update = flag.Bool("update", false, "write the pictures of docs/images anew")

// names are what the pages are called whose pictures are kept, by their
// address; ids stand as * in it, and of a query only the names. Every page that
// a link leads to is here: a new one wants a name.
var names = map[string]string{
	"/":                       "overview",
	"/applications":           "applications",
	"/applications/*":         "application",
	"/applications/*/clients": "application-clients",
	"/applications/new":       "application-new",
	"/applications/new?from":  "application-version",
	"/audit":                  "audit",
	"/audit/*":                "audit-entry",
	"/audit/verify":           "audit-verify",
	"/catalogue":              "catalogue",
	"/catalogue/*/*/delete":   "catalogue-delete",
	"/catalogue/*/*/edit":     "catalogue-edit",
	"/catalogue/*/new":        "catalogue-new",
	"/changes":                "changes",
	"/changes/*":              "review",
	"/channels":               "channels",
	"/channels/*":             "channel",
	"/channels/*/delete":      "channel-delete",
	"/channels/*/edit":        "channel-edit",
	"/channels/new":           "channel-new",
	"/clients":                "clients",
	"/clients/*":              "client",
	"/keys":                   "keys",
	"/keys/rotate?use":        "keys-rotate",
	"/kills":                  "kills",
	"/kills/lift?kind&id":     "kill-lift",
	"/kills/new?kind&id":      "kill",
	"/nowhere":                "nowhere",
	"/programmers":            "programmers",
	"/programmers/*":          "programmer",
	"/programmers/*/delete":   "programmer-delete",
	"/programmers/*/edit":     "programmer-edit",
	"/programmers/new":        "programmer-new",
	"/proxy-mvpds":            "proxy-mvpds",
	"/proxy-mvpds/*":          "proxy-mvpd",
	"/proxy-mvpds/*/delete":   "proxy-mvpd-delete",
	"/proxy-mvpds/*/edit":     "proxy-mvpd-edit",
	"/proxy-mvpds/new":        "proxy-mvpd-new",
	"/refusals":               "refusals",
	"/refusals/*":             "refusal",
	"/routes":                 "routes",
	"/statements":             "statements",
}

// words are the parts of a path that are no id.
var words = regexp.MustCompile(`^(new|edit|delete|lift|rotate|verify|clients|statements)?$`)

// shape is what the pages of one kind have in common in their addresses.
func shape(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	parts := strings.Split(u.Path, "/")
	for i := 2; i < len(parts); i++ {
		if !words.MatchString(parts[i]) {
			parts[i] = "*"
		}
	}
	var asked []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ := strings.Cut(pair, "="); name != "" {
			asked = append(asked, name)
		}
	}
	if query := strings.Join(asked, "&"); query != "" {
		return strings.Join(parts, "/") + "?" + query
	}
	return strings.Join(parts, "/")
}

// walk answers one address of every page that links lead to from the overview.
func walk(p *tab.Tab) map[string]string {
	found := map[string]string{"/": "/"}
	for left := []string{"/"}; len(left) > 0; left = left[1:] {
		for _, link := range tab.Eval[[]string](p, `fetch('`+left[0]+`').then(answer => answer.text()).then(text =>
			[...new DOMParser().parseFromString(text, 'text/html').querySelectorAll('a[href^="/"]')].map(a => a.getAttribute('href')))`) {
			if _, known := found[shape(link)]; !known {
				found[shape(link)] = link
				left = append(left, link)
			}
		}
	}
	return found
}

// looks are the ways in which people look at the console.
var looks = []struct {
	name string
	tab.Options
}{
	{"light", tab.Options{}},
	{"dark", tab.Options{Dark: true}},
	{"phone", tab.Options{Phone: true}},
}

func TestEveryPageCanBeReadByEverybody(t *testing.T) {
	h := openHouse(t)
	operator := h.enter(t, "olga", tab.Options{})
	application, refused := fill(t, h, operator)
	found := walk(operator)
	// Nobody is led to these; a person comes with a trace, or with a wrong address.
	found["/refusals/*"] = "/refusals/" + refused
	found["/nowhere"] = "/nowhere"
	// Of those that there are several of, the one that there is most to see of.
	found["/applications/*"] = "/applications/" + application
	found["/applications/*/clients"] = "/applications/" + application + "/clients"
	found["/kills/new?kind&id"] = "/kills/new?kind=application&id=" + application
	for shape := range names {
		if found[shape] == "" {
			t.Errorf("no link leads to a page %s", shape)
		}
	}
	for shape, address := range found {
		if _, named := names[shape]; !named && strings.Contains(shape, "?") {
			delete(found, shape) // another view of a page that has a name
		} else if !named {
			t.Errorf("the page %s, such as %s, has no name here", shape, address)
		}
	}
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			t.Parallel()
			p := h.enter(t, "olga", look.Options)
			p.Forgive("status of 404")
			for _, shape := range slices.Sorted(maps.Keys(found)) {
				p.Visit(h.console + found[shape])
				judge(p, names[shape]+"-"+look.name)
			}
			forms(p, h, look.name)
		})
	}
}

// judge looks at the page that a tab shows, in every way that a test can.
func judge(p *tab.Tab, name string) {
	p.Accessible()
	p.Fits()
	if *update {
		p.Picture("docs/images", name)
	}
}

// forms looks at what comes of forms, which no address leads to.
func forms(p *tab.Tab, h *house, look string) {
	p.Forgive("status of 422")
	p.Visit(h.console + "/applications/new")
	p.Click("button", "Create now")
	p.Sees("not right")
	judge(p, "application-wrong-"+look)

	p.Visit(h.console + "/applications")
	p.Click("link", "Reference TV for iOS")
	p.Click("button", "Issue one and show it")
	p.Sees("The text is kept nowhere")
	statement := tab.Eval[string](p, "document.querySelector('#c-statement').textContent")
	judge(p, "statement-issued-"+look)

	if look == "phone" {
		p.Click("link", "Menu")
		judge(p, "menu-phone")
	}
	p.Click("link", "Statements")
	p.Fill("textbox", "Software statement", statement)
	p.Click("button", "Judge it")
	p.Sees("Reference TV for iOS")
	judge(p, "statement-judged-"+look)
}
