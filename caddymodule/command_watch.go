package caddymodule

import (
	"bytes"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// watchFlags let a command show its answer again and again.
func watchFlags(cmd *cobra.Command) {
	cmd.Flags().Bool("watch", false, "Show it again and again, until you interrupt it")
	cmd.Flags().Duration("interval", 2*time.Second, "How often, with --watch")
}

// watched makes the RunE of a command that can be watched.
func watched(run func(*call) error) func(*cobra.Command, []string) error {
	return action(func(c *call) error {
		interval, _ := c.cmd.Flags().GetDuration("interval")
		switch {
		case interval < shortestInterval:
			return usage(fmt.Sprintf("--interval: got %s, want %s or more", interval, shortestInterval), "")
		case !c.flag("watch"):
			return run(c)
		}
		ctx, stop := untilInterrupted()
		defer stop()
		var screen *screen
		for {
			var text bytes.Buffer
			c.watching = &text
			err := run(c)
			if screen == nil {
				if err != nil {
					return err // at the beginning it is a mistake; later it is what is shown
				}
				screen = screenOf(c, true)
				defer screen.close()
			}
			if err != nil {
				text.Reset()
				fmt.Fprintln(&text, "error: "+clean(err.Error()))
			}
			if screen.live != nil {
				fmt.Fprintf(&text, "\n%s, every %s\n", time.Now().UTC().Format("15:04:05 UTC"), interval)
			}
			if screen.show(text.String()) != nil {
				return nil // whoever looked has gone
			}
			select {
			case <-time.After(interval):
			case <-ctx.Done():
				return nil
			}
		}
	})
}
