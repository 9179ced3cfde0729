package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/top"
)

// shortestInterval is as often as a gateway should be asked for all its metrics.
const shortestInterval = 200 * time.Millisecond

func topCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "top", Short: "Shows what the gateways do now, and again and again",
		Long: `
Shows requests, refusals by reason and how long things take, for each protected
API and for issuing, with the lag of kill switches and the state of the store:
what happened within the interval, of all gateways that are named, together.

A terminal is drawn over; elsewhere one picture follows the other. Interrupt it
to end it, or ask for one picture with --once.`,
		Example: "  caddy dcr top\n  caddy dcr top --address gateway-1:2019 --address gateway-2:2019 --interval 5s\n  caddy dcr top --once --json",
		Args:    arguments(), RunE: action(runTop),
	}
	flags := cmd.Flags()
	// It takes the place of the flag that all commands have.
	flags.StringSlice("address", nil, "Address of an administration API listener (repeatable; if --config is not used)")
	flags.Duration("interval", 2*time.Second, "How long each picture looks at")
	flags.Bool("once", false, "Show one picture and end")
	return cmd
}

func runTop(c *call) error {
	interval, _ := c.cmd.Flags().GetDuration("interval")
	if interval < shortestInterval {
		return usage(fmt.Sprintf("--interval: got %s, want %s or more", interval, shortestInterval), "")
	}
	addresses := c.list("address")
	if len(addresses) == 0 {
		address, err := caddycmd.DetermineAdminAPIAddress("", nil, c.text("config"), c.text("adapter"))
		if err != nil {
			return failed(fmt.Sprintf("finding the admin API: %v", err), "say where it is with --address")
		}
		addresses = []string{address}
	}
	ctx, stop := untilInterrupted()
	defer stop()
	before, err := readAll(addresses)
	if err != nil {
		return err // at the beginning it is a mistake; later it is what is shown
	}
	screen := screenOf(c, !c.flag("once"))
	defer screen.close()
	for {
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return nil
		}
		after, _ := readAll(addresses)
		picture := top.Between(before, after)
		if err := screen.draw(picture); err != nil {
			return nil // whoever looked has gone
		}
		if c.flag("once") {
			return nil
		}
		before = after
	}
}

// untilInterrupted ends when somebody has seen enough.
func untilInterrupted() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// readAll reads the metrics of every gateway, and the first error. One that
// does not answer has a reading without a time.
func readAll(addresses []string) ([]top.Reading, error) {
	readings, errs := make([]top.Reading, len(addresses)), make([]error, len(addresses))
	var all sync.WaitGroup
	for i, address := range addresses {
		all.Go(func() { readings[i], errs[i] = readMetrics(address) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return readings, err
		}
	}
	return readings, nil
}

func readMetrics(address string) (top.Reading, error) {
	response, err := caddycmd.AdminAPIRequest(address, "GET", "/metrics", nil, nil)
	if err != nil {
		return top.Reading{}, refusedBy(address, err)
	}
	defer response.Body.Close()
	reading, err := top.Read(response.Body, time.Now())
	if err != nil {
		return top.Reading{}, failed(fmt.Sprintf("the answer of %s cannot be read: %v", address, err), "is that Caddy's admin API?")
	}
	if !reading.OfGateway() {
		return top.Reading{}, failed(address+" shows no metrics of a gateway", "was the running Caddy built with this module, and has it a dcr block?")
	}
	return reading, nil
}

func (s *screen) draw(p top.Picture) error {
	var text bytes.Buffer
	if s.json {
		line, err := json.Marshal(p)
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	} else {
		printPicture(&text, p)
	}
	return s.show(text.String())
}

// mostReasons is how many reasons of refusals are shown.
const mostReasons = 12

func printPicture(w io.Writer, p top.Picture) {
	away := ""
	if p.Away > 0 {
		away = fmt.Sprintf(", %d away", p.Away)
	}
	fmt.Fprintf(w, "%s%s, %s, the last %.1f s\n\n", several(p.Gateways, "gateway"), away, second(p.At), p.Seconds)
	rows := [][]string{}
	for _, profile := range p.Profiles {
		rows = append(rows, []string{
			profile.Name, rate(profile.Requests), rate(profile.Refused), rate(profile.Unavailable),
			took(profile.Decision.P50), took(profile.Decision.P99), took(profile.Backend.P50), took(profile.Backend.P99),
		})
	}
	for _, issuing := range []struct {
		name string
		of   top.Issuing
	}{{"registration", p.Registrations}, {"token", p.Tokens}} {
		rows = append(rows, []string{
			issuing.name, rate(issuing.of.Requests), rate(issuing.of.Refused), rate(issuing.of.Unavailable),
			took(issuing.of.Took.P50), took(issuing.of.Took.P99), "", "",
		})
	}
	printTable(w, []column{{"", 13}, {"REQUESTS/S", 10}, {"REFUSED/S", 9}, {"503/S", 8}, {"P50", 7}, {"P99", 7}, {"BACKEND", 7}, {"P99", 7}}, rows)
	lag := "no kill switch was thrown"
	if p.Kills > 0 {
		lag = fmt.Sprintf("%.0f applied, p50 %s, p99 %s", p.Kills, took(p.KillLag.P50), took(p.KillLag.P99))
	}
	store := "answers"
	if p.StoreErrors > 0 {
		store = rate(p.StoreErrors) + " errors/s"
	}
	if p.BreakerOpen {
		store = "not asked, because it does not answer"
	}
	fmt.Fprintln(w)
	printFields(w, [2]string{"Kill lag", lag}, [2]string{"State", "confirmed " + took(p.ReplicaAge) + " ago"}, [2]string{"Store", store})
	if len(p.Refusals) == 0 {
		return
	}
	fmt.Fprintln(w)
	rows = rows[:0]
	for _, refusal := range p.Refusals[:min(len(p.Refusals), mostReasons)] {
		rows = append(rows, []string{rate(refusal.Rate), refusal.Where, refusal.Reason})
	}
	printTable(w, []column{{"REFUSED/S", 10}, {"WHERE", 15}, {"REASON", 48}}, rows)
}

// rate writes what happens in a second, with as many digits as say something.
func rate(r float64) string {
	switch {
	case r == 0:
		return "0"
	case r < 10:
		return fmt.Sprintf("%.2f", r)
	case r < 1000:
		return fmt.Sprintf("%.1f", r)
	default:
		return fmt.Sprintf("%.0f", r)
	}
}

// took writes seconds with two digits and a unit; nil is nothing.
func took(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	switch s := *seconds; {
	case s < 1e-3:
		return digits(s*1e6) + "µs"
	case s < 1:
		return digits(s*1e3) + "ms"
	default:
		return digits(s) + "s"
	}
}

func digits(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}
