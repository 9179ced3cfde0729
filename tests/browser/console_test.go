package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/caddy-dcr/caddy-dcr/tests/browser/tab"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// people are those with a password, and their roles.
var people = []struct{ name, role string }{
	{"olga", "operator"},
	{"paula", "programmer REF"},
	{"carl", "channel REF REF30"},
	{"rita", "read_only"},
	{"nobody", ""},
}

const password = "correct horse"

// house is a gateway with a console behind a password, over TLS.
type house struct {
	*harness.Gateway
	// gateway is where clients call, console where people look after them.
	gateway, console string
	backend          *harness.Backend
}

func openHouse(t *testing.T) *house {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	var accounts, roles strings.Builder
	for _, person := range people {
		fmt.Fprintf(&accounts, "\t\t%s %s\n", person.name, hash)
		if person.role != "" {
			fmt.Fprintf(&roles, "\t\trole %s %s\n", person.name, person.role)
		}
	}
	port := harness.FreePort(t)
	h := &house{
		backend: harness.StartBackend(t, "rest_v2"),
		gateway: fmt.Sprintf("https://gateway.test:%d", port),
		console: fmt.Sprintf("https://console.test:%d", port),
	}
	h.Gateway = harness.Start(t, harness.Config{Caddyfile: fmt.Sprintf(`{
	admin localhost:{ADMIN}
	http_port {HTTP}
	https_port %d
	auto_https disable_redirects
	skip_install_trust
	storage file_system {DIR}/caddy
	dcr {
		issuer %[2]s
		store bolt {DIR}/dcr
		allow_http
		census 1s
		node_name gateway-1
	}
}

%[2]s, http://127.0.0.1:{HTTP} {
	bind 127.0.0.1
	tls internal
	dcr_issuer
	dcr_proxy rest_v2 %[4]s
}

%[3]s {
	bind 127.0.0.1
	tls internal
	basic_auth {
%[5]s	}
	dcr_console {
%[6]s	}
}
`, port, h.gateway, h.console, h.backend.Addr, &accounts, &roles)})
	return h
}

// enter signs somebody in.
func (h *house) enter(t *testing.T, name string, o tab.Options) *tab.Tab {
	t.Helper()
	o.User, o.Password = name, password
	p := tab.Open(t, o)
	p.Visit(h.console + "/")
	p.Sees("Overview")
	return p
}
