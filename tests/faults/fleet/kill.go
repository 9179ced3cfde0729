package fleet

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// admin outlasts the time for which a revocation waits for the other gateways.
var admin = http.Client{Timeout: 15 * time.Second}

// Revocation is what the management API says about a kill switch.
type Revocation struct {
	// Applied says that every gateway has applied it.
	Applied bool `json:"applied"`
	Nodes   []struct {
		Name    string `json:"name"`
		Applied bool   `json:"applied"`
	} `json:"nodes"`
}

// Revoke kills the client through the gateway's management API. An error says
// that the kill was not acknowledged.
func Revoke(gateway *harness.Gateway, clientID string) (Revocation, error) {
	var r Revocation
	order := fmt.Sprintf(`{"kind":"client","id":%q,"reason":"a test of kills"}`, clientID)
	response, err := admin.Post("http://"+gateway.Admin+"/dcr/kills", "application/json", strings.NewReader(order))
	if err != nil {
		return r, fmt.Errorf("revoking client %s: %w", clientID, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
	case response.StatusCode != http.StatusOK:
		err = fmt.Errorf("status %d: %s", response.StatusCode, text)
	default:
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fmt.Errorf("revoking client %s: %w", clientID, err)
	}
	return r, nil
}

// Kill is Revoke for a fleet that is well, which applies it everywhere before
// the call returns.
func Kill(gateway *harness.Gateway, clientID string) error {
	r, err := Revoke(gateway, clientID)
	if err == nil && !r.Applied {
		err = fmt.Errorf("client %s is not killed everywhere: %+v", clientID, r)
	}
	return err
}
