package crowd

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// body is what any answer may say, as far as it matters here.
type body struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	AccessToken  string `json:"access_token"`
	Error        string `json:"error"`
	Code         string `json:"code"`
}

func (c *Crowd) register(gateway int) (Answer, Device) {
	statement, _ := json.Marshal(map[string]string{"software_statement": c.Statement})
	a, text := c.send(gateway, Register, http.MethodPost, "/o/client/register", string(statement), "application/json", "")
	b := a.read(text)
	if a.Status == http.StatusCreated && (b.ClientID == "" || b.ClientSecret == "") {
		a.Stranger = "no credentials in " + string(text)
	}
	return a, Device{ID: b.ClientID, secret: b.ClientSecret}
}

func (c *Crowd) fetch(gateway int, role Role, d Device) (Answer, Device) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {d.ID}, "client_secret": {d.secret}}
	a, text := c.send(gateway, role, http.MethodPost, "/o/client/token", form.Encode(), "application/x-www-form-urlencoded", "")
	d.token = a.read(text).AccessToken
	if a.Status == http.StatusCreated && d.token == "" {
		a.Stranger = "no token in " + string(text)
	}
	return a, d
}

// call calls the protected API, whose backend answers whom the gateway took
// the caller for.
func (c *Crowd) call(gateway int, role Role, d Device) Answer {
	a, text := c.send(gateway, role, http.MethodGet, c.Target, "", "", d.token)
	if a.Status != http.StatusOK {
		a.read(text)
	} else if string(text) != d.ID {
		a.Stranger = string(text)
	}
	return a
}

func (c *Crowd) deadCall(gateway int, role Role, d Device) Answer {
	var a Answer
	if role == Dead {
		a = c.call(gateway, role, d)
	} else {
		a, _ = c.fetch(gateway, role, d)
	}
	a.DeadFrom = d.deadFrom[gateway]
	return a
}

// read reads a JSON answer, and notes its error code.
func (a *Answer) read(text []byte) body {
	var b body
	// What is no JSON has no code, which no error of a gateway's is without.
	_ = json.Unmarshal(text, &b)
	if a.Code = b.Code; a.Code == "" {
		a.Code = b.Error
	}
	return b
}

// send does one call and answers the body.
func (c *Crowd) send(gateway int, role Role, method, target, content, contentType, token string) (Answer, []byte) {
	a := Answer{Role: role, Gateway: gateway, Sent: time.Now()}
	request, err := http.NewRequest(method, c.URLs[gateway]+target, strings.NewReader(content))
	if err != nil {
		a.Err = err
		return a, nil
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.client.Do(request)
	if err != nil {
		a.Took, a.Err = time.Since(a.Sent), err
		return a, nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	a.Took, a.Err = time.Since(a.Sent), err
	a.Status, a.RetryAfter = response.StatusCode, response.Header.Get("Retry-After")
	return a, text
}
