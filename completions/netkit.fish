# fish completion for netkit, written by `netkit completion fish`.

# Whether the words so far, without options and their values, are those given;
# with -p, whether they begin with them.
function __netkit_at
    set -l words
    set -l is_value 0
    set -l prefix 0
    if test "$argv[1]" = -p
        set prefix 1
        set -e argv[1]
    end
    for token in (commandline -opc)[2..-1]
        if test $is_value = 1
            set is_value 0
        else if contains -- $token \
            --on-eof \
            --record \
            --linger \
            --idle-timeout \
            --datagram \
            --exec \
            --limit-rate \
            --proxy \
            --replies \
            --wait \
            --connect-timeout \
            -w \
            --max-conns \
            --ready-fd \
            --allow \
            --deny \
            --send-proxy \
            --backlog \
            --drain \
            --dispatcher \
            --speed \
            --transform \
            --prefix \
            --frame \
            --max-frame \
            --delay \
            --threads \
            --busy-poll \
            --root \
            --404 \
            --base-path \
            --cache-control \
            --header \
            --max-upload \
            --chaos \
            --chaos-seed \
            --cache \
            --auth-file \
            --requests \
            --for \
            --header-timeout \
            --body-timeout \
            --keepalive-timeout \
            --send-timeout \
            --keepalive-requests \
            --max-target \
            --max-header \
            --max-body \
            --access-log \
            --log-format \
            --start \
            --token-file \
            --log \
            --max-line \
            --drop \
            --seed \
            --freeze-after \
            --rst-after \
            --execute \
            -e \
            --settle \
            --path \
            --row \
            --timeout \
            --parallel \
            --ports \
            --interval \
            --count \
            --until \
            --fail-if \
            --data \
            --expect \
            --method \
            --probes \
            --time
            set is_value 1
        else if not string match -q -- '-*' $token
            set -a words $token
        end
    end
    if test $prefix = 1
        set words $words[1..(count $argv)]
    end
    test "$words" = "$argv"
end

complete -c netkit -f
complete -c netkit -n '__netkit_at' -a serve -d 'run a server'
complete -c netkit -n '__netkit_at help' -a serve -d 'run a server'
complete -c netkit -n '__netkit_at' -a shell -d 'walk through a directory elsewhere'
complete -c netkit -n '__netkit_at help' -a shell -d 'walk through a directory elsewhere'
complete -c netkit -n '__netkit_at' -a check -d 'see whether a server keeps the rules'
complete -c netkit -n '__netkit_at help' -a check -d 'see whether a server keeps the rules'
complete -c netkit -n '__netkit_at' -a probe -d 'watch whether something answers'
complete -c netkit -n '__netkit_at help' -a probe -d 'watch whether something answers'
complete -c netkit -n '__netkit_at' -a connect -d 'join standard input and output to an address'
complete -c netkit -n '__netkit_at help' -a connect -d 'join standard input and output to an address'
complete -c netkit -n '__netkit_at' -a listen -d 'wait for one peer, then join it to standard input and output'
complete -c netkit -n '__netkit_at help' -a listen -d 'wait for one peer, then join it to standard input and output'
complete -c netkit -n '__netkit_at' -a relay -d 'join the clients of one address to another'
complete -c netkit -n '__netkit_at help' -a relay -d 'join the clients of one address to another'
complete -c netkit -n '__netkit_at' -a replay -d 'send a recorded session again'
complete -c netkit -n '__netkit_at help' -a replay -d 'send a recorded session again'
complete -c netkit -n '__netkit_at' -a completion -d 'print the completion script of a shell'
complete -c netkit -n '__netkit_at help' -a completion -d 'print the completion script of a shell'
complete -c netkit -n '__netkit_at' -a help -d 'explain netkit or one of its commands'
complete -c netkit -n '__netkit_at help' -a help -d 'explain netkit or one of its commands'
complete -c netkit -n '__netkit_at serve' -a echo -d 'send every byte back to its sender (RFC 862)'
complete -c netkit -n '__netkit_at help serve' -a echo -d 'send every byte back to its sender (RFC 862)'
complete -c netkit -n '__netkit_at serve' -a discard -d 'throw everything away (RFC 863)'
complete -c netkit -n '__netkit_at help serve' -a discard -d 'throw everything away (RFC 863)'
complete -c netkit -n '__netkit_at serve' -a chargen -d 'send characters without end (RFC 864)'
complete -c netkit -n '__netkit_at help serve' -a chargen -d 'send characters without end (RFC 864)'
complete -c netkit -n '__netkit_at serve' -a daytime -d 'send the date and time as text (RFC 867)'
complete -c netkit -n '__netkit_at help serve' -a daytime -d 'send the date and time as text (RFC 867)'
complete -c netkit -n '__netkit_at serve' -a time -d 'send the time as a number (RFC 868)'
complete -c netkit -n '__netkit_at help serve' -a time -d 'send the time as a number (RFC 868)'
complete -c netkit -n '__netkit_at serve' -a http -d 'serve a directory over HTTP/1.1'
complete -c netkit -n '__netkit_at help serve' -a http -d 'serve a directory over HTTP/1.1'
complete -c netkit -n '__netkit_at serve' -a shell -d 'let clients walk through a directory: pwd, cd, ls'
complete -c netkit -n '__netkit_at help serve' -a shell -d 'let clients walk through a directory: pwd, cd, ls'
complete -c netkit -n '__netkit_at serve' -a keepalive -d 'answer heartbeats, so that clients know it is alive'
complete -c netkit -n '__netkit_at help serve' -a keepalive -d 'answer heartbeats, so that clients know it is alive'
complete -c netkit -n '__netkit_at shell' -a client -d 'walk through the directory of a shell server'
complete -c netkit -n '__netkit_at help shell' -a client -d 'walk through the directory of a shell server'
complete -c netkit -n '__netkit_at shell' -a server -d 'let clients walk through a directory: pwd, cd, ls'
complete -c netkit -n '__netkit_at help shell' -a server -d 'let clients walk through a directory: pwd, cd, ls'
complete -c netkit -n '__netkit_at check' -a http -d 'see whether an HTTP server keeps the RFCs'
complete -c netkit -n '__netkit_at help check' -a http -d 'see whether an HTTP server keeps the RFCs'
complete -c netkit -n '__netkit_at probe' -a tcp -d 'time how long TCP takes to connect'
complete -c netkit -n '__netkit_at help probe' -a tcp -d 'time how long TCP takes to connect'
complete -c netkit -n '__netkit_at probe' -a udp -d 'time the answers to datagrams'
complete -c netkit -n '__netkit_at help probe' -a udp -d 'time the answers to datagrams'
complete -c netkit -n '__netkit_at probe' -a unix -d 'watch whether a unix socket is served'
complete -c netkit -n '__netkit_at help probe' -a unix -d 'watch whether a unix socket is served'
complete -c netkit -n '__netkit_at probe' -a http -d 'time a web server, step by step'
complete -c netkit -n '__netkit_at help probe' -a http -d 'time a web server, step by step'
complete -c netkit -n '__netkit_at probe' -a keepalive -d 'send heartbeats over a connection that is silent'
complete -c netkit -n '__netkit_at help probe' -a keepalive -d 'send heartbeats over a connection that is silent'

complete -c netkit -n '__netkit_at' -l version -d 'print the version and exit'
complete -c netkit -n '__netkit_at' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p connect' -l on-eof -x -a 'half close keep' -d 'at the end of input half, close or keep'
complete -c netkit -n '__netkit_at -p connect' -l once -d 'end as soon as either direction has ended'
complete -c netkit -n '__netkit_at -p connect' -l hex -d 'show what is moved, in hexadecimal'
complete -c netkit -n '__netkit_at -p connect' -l record -rF -d 'keep what is moved, with its times'
complete -c netkit -n '__netkit_at -p connect' -l ipv4 -s 4 -d 'use IPv4 only'
complete -c netkit -n '__netkit_at -p connect' -l ipv6 -s 6 -d 'use IPv6 only'
complete -c netkit -n '__netkit_at -p connect' -l linger -x -d 'then wait for the peer\'s end'
complete -c netkit -n '__netkit_at -p connect' -l idle-timeout -x -d 'end when nothing moves (status 5)'
complete -c netkit -n '__netkit_at -p connect' -l send-only -d 'do not receive'
complete -c netkit -n '__netkit_at -p connect' -l recv-only -d 'do not read standard input'
complete -c netkit -n '__netkit_at -p connect' -l crlf -s C -d 'send each end of line as CR LF'
complete -c netkit -n '__netkit_at -p connect' -l edit -d 'edit lines on a terminal; ^] for commands'
complete -c netkit -n '__netkit_at -p connect' -l no-edit -d 'do not edit lines on a terminal; ^] for commands'
complete -c netkit -n '__netkit_at -p connect' -l datagram -x -d 'udp: a datagram is a line, or SIZE bytes'
complete -c netkit -n '__netkit_at -p connect' -l exec -x -d 'join the connection to a command'
complete -c netkit -n '__netkit_at -p connect' -l limit-rate -x -d 'bytes a second, in each direction'
complete -c netkit -n '__netkit_at -p connect' -l progress -d 'show how much has moved, and how fast'
complete -c netkit -n '__netkit_at -p connect' -l udp -s u -d 'ADDRESS without a scheme is udp, not tcp'
complete -c netkit -n '__netkit_at -p connect' -l unix -s U -d 'ADDRESS is the path of a unix socket'
complete -c netkit -n '__netkit_at -p connect' -l numeric -s n -d 'look up no names'
complete -c netkit -n '__netkit_at -p connect' -l proxy -x -d 'go through socks5://[USER:PASSWORD@]HOST or http://'
complete -c netkit -n '__netkit_at -p connect' -l replies -x -d 'udp: end after so many answers'
complete -c netkit -n '__netkit_at -p connect' -l telnet -d 'answer telnet\'s option negotiation'
complete -c netkit -n '__netkit_at -p connect' -l wait -x -d 'udp: for answers after the end of input'
complete -c netkit -n '__netkit_at -p connect' -l connect-timeout -s w -x -d 'give up connecting (status 5)'
complete -c netkit -n '__netkit_at -p connect' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p connect' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p connect' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p connect' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p listen' -l on-eof -x -a 'half close keep' -d 'at the end of input half, close or keep'
complete -c netkit -n '__netkit_at -p listen' -l once -d 'end as soon as either direction has ended'
complete -c netkit -n '__netkit_at -p listen' -l hex -d 'show what is moved, in hexadecimal'
complete -c netkit -n '__netkit_at -p listen' -l record -rF -d 'keep what is moved, with its times'
complete -c netkit -n '__netkit_at -p listen' -l ipv4 -s 4 -d 'use IPv4 only'
complete -c netkit -n '__netkit_at -p listen' -l ipv6 -s 6 -d 'use IPv6 only'
complete -c netkit -n '__netkit_at -p listen' -l linger -x -d 'then wait for the peer\'s end'
complete -c netkit -n '__netkit_at -p listen' -l idle-timeout -x -d 'end when nothing moves (status 5)'
complete -c netkit -n '__netkit_at -p listen' -l send-only -d 'do not receive'
complete -c netkit -n '__netkit_at -p listen' -l recv-only -d 'do not read standard input'
complete -c netkit -n '__netkit_at -p listen' -l crlf -s C -d 'send each end of line as CR LF'
complete -c netkit -n '__netkit_at -p listen' -l edit -d 'edit lines on a terminal; ^] for commands'
complete -c netkit -n '__netkit_at -p listen' -l no-edit -d 'do not edit lines on a terminal; ^] for commands'
complete -c netkit -n '__netkit_at -p listen' -l datagram -x -d 'udp: a datagram is a line, or SIZE bytes'
complete -c netkit -n '__netkit_at -p listen' -l exec -x -d 'join the connection to a command'
complete -c netkit -n '__netkit_at -p listen' -l limit-rate -x -d 'bytes a second, in each direction'
complete -c netkit -n '__netkit_at -p listen' -l progress -d 'show how much has moved, and how fast'
complete -c netkit -n '__netkit_at -p listen' -l udp -s u -d 'ADDRESS without a scheme is udp, not tcp'
complete -c netkit -n '__netkit_at -p listen' -l unix -s U -d 'ADDRESS is the path of a unix socket'
complete -c netkit -n '__netkit_at -p listen' -l numeric -s n -d 'look up no names'
complete -c netkit -n '__netkit_at -p listen' -l keep-open -s k -d 'serve many peers, not only the first'
complete -c netkit -n '__netkit_at -p listen' -l broker -d 'the same, and what one says the others hear'
complete -c netkit -n '__netkit_at -p listen' -l max-conns -x -d 'peers at a time with -k; more have to wait'
complete -c netkit -n '__netkit_at -p listen' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p listen' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p listen' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p listen' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p listen' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p listen' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p listen' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p relay' -l accept-proxy -d 'clients send a PROXY header, version 1 or 2'
complete -c netkit -n '__netkit_at -p relay' -l send-proxy -x -a 'v1 v2' -d 'send a PROXY header, version v1 or v2'
complete -c netkit -n '__netkit_at -p relay' -l once -d 'take one client and end with it'
complete -c netkit -n '__netkit_at -p relay' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p relay' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p relay' -l connect-timeout -s w -x -d 'to reach the other side'
complete -c netkit -n '__netkit_at -p relay' -l idle-timeout -x -d 'cut a connection on which nothing moves'
complete -c netkit -n '__netkit_at -p relay' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p relay' -l max-conns -x -d 'clients at a time; the others wait'
complete -c netkit -n '__netkit_at -p relay' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p relay' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p relay' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p relay' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p relay' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p relay' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p relay' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p replay' -F
complete -c netkit -n '__netkit_at -p replay' -l on-eof -x -a 'half close keep' -d 'at the end of input half, close or keep'
complete -c netkit -n '__netkit_at -p replay' -l once -d 'end as soon as either direction has ended'
complete -c netkit -n '__netkit_at -p replay' -l hex -d 'show what is moved, in hexadecimal'
complete -c netkit -n '__netkit_at -p replay' -l record -rF -d 'keep what is moved, with its times'
complete -c netkit -n '__netkit_at -p replay' -l ipv4 -s 4 -d 'use IPv4 only'
complete -c netkit -n '__netkit_at -p replay' -l ipv6 -s 6 -d 'use IPv6 only'
complete -c netkit -n '__netkit_at -p replay' -l linger -x -d 'then wait for the peer\'s end'
complete -c netkit -n '__netkit_at -p replay' -l idle-timeout -x -d 'end when nothing moves (status 5)'
complete -c netkit -n '__netkit_at -p replay' -l check -d 'fail when other bytes come back than recorded'
complete -c netkit -n '__netkit_at -p replay' -l fast -d 'send everything at once'
complete -c netkit -n '__netkit_at -p replay' -l speed -x -d 'send so many times as fast as recorded'
complete -c netkit -n '__netkit_at -p replay' -l wait -x -d 'udp: for answers after the last datagram'
complete -c netkit -n '__netkit_at -p replay' -l connect-timeout -s w -x -d 'give up connecting (status 5)'
complete -c netkit -n '__netkit_at -p replay' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p replay' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p replay' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p replay' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve echo' -l transform -x -a 'none upper rot13' -d 'none, upper or rot13'
complete -c netkit -n '__netkit_at -p serve echo' -l prefix -x -d 'put this in front of each line or datagram'
complete -c netkit -n '__netkit_at -p serve echo' -l frame -x -a 'raw line len32' -d 'what a message is: raw, line or len32'
complete -c netkit -n '__netkit_at -p serve echo' -l max-frame -x -d 'the longest line or len32 payload'
complete -c netkit -n '__netkit_at -p serve echo' -l delay -x -d 'hold each reply back'
complete -c netkit -n '__netkit_at -p serve echo' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve echo' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve echo' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve echo' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve echo' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p serve echo' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve echo' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve echo' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve echo' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve echo' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve echo' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve echo' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve echo' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve echo' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve echo' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve echo' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve echo' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve echo' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve discard' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve discard' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve discard' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve discard' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve discard' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p serve discard' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve discard' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve discard' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve discard' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve discard' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve discard' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve discard' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve discard' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve discard' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve discard' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve discard' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve discard' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve discard' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve chargen' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve chargen' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve chargen' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve chargen' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve chargen' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p serve chargen' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve chargen' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve chargen' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve chargen' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve chargen' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve chargen' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve chargen' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve chargen' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve chargen' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve chargen' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve chargen' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve chargen' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve chargen' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve daytime' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve daytime' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve daytime' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve daytime' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve daytime' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p serve daytime' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve daytime' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve daytime' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve daytime' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve daytime' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve daytime' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve daytime' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve daytime' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve daytime' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve daytime' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve daytime' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve daytime' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve daytime' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve time' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve time' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve time' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve time' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve time' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p serve time' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve time' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve time' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve time' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve time' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve time' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve time' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve time' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve time' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve time' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve time' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve time' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve time' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve http' -l root -x -a '(__fish_complete_directories)' -d 'the directory to serve'
complete -c netkit -n '__netkit_at -p serve http' -l dotfiles -d 'also serve names that begin with a dot'
complete -c netkit -n '__netkit_at -p serve http' -l follow-symlinks -d 'also follow links that leave the directory'
complete -c netkit -n '__netkit_at -p serve http' -l demo -d 'serve three demonstration pages and no files'
complete -c netkit -n '__netkit_at -p serve http' -l spa -d 'unknown paths without extension get /index.html'
complete -c netkit -n '__netkit_at -p serve http' -l 404 -rF -d 'the page for what is not found'
complete -c netkit -n '__netkit_at -p serve http' -l base-path -x -d 'serve below this path and nothing else'
complete -c netkit -n '__netkit_at -p serve http' -l cors -d 'let the pages of other sites use this one'
complete -c netkit -n '__netkit_at -p serve http' -l isolate -d 'isolate pages from other sites (COOP, COEP, CORP)'
complete -c netkit -n '__netkit_at -p serve http' -l no-cache -d 'have caches ask each time'
complete -c netkit -n '__netkit_at -p serve http' -l cache-control -x -d 'what caches are told'
complete -c netkit -n '__netkit_at -p serve http' -l header -x -d 'a header line for every response, \'Name: value\''
complete -c netkit -n '__netkit_at -p serve http' -l upload -d 'take files by PUT and from forms'
complete -c netkit -n '__netkit_at -p serve http' -l overwrite -d 'let uploads replace files'
complete -c netkit -n '__netkit_at -p serve http' -l max-upload -x -d 'bytes of an upload, else 413; 0: no limit'
complete -c netkit -n '__netkit_at -p serve http' -l endpoints -d 'pages below /_/ for testing clients'
complete -c netkit -n '__netkit_at -p serve http' -l chaos -x -d 'faults by chance, as in reset:5%,delay:1s'
complete -c netkit -n '__netkit_at -p serve http' -l chaos-seed -x -d 'another sequence of chances'
complete -c netkit -n '__netkit_at -p serve http' -l compress -d 'compress text for clients that take br, zstd, gzip'
complete -c netkit -n '__netkit_at -p serve http' -l cache -x -d 'small files that each thread keeps in memory'
complete -c netkit -n '__netkit_at -p serve http' -l auth-file -rF -d 'ask for a password: \'name:hash\' lines'
complete -c netkit -n '__netkit_at -p serve http' -l open -d 'show it in a browser when it is ready'
complete -c netkit -n '__netkit_at -p serve http' -l qr -d 'draw the URL as a QR code on the terminal'
complete -c netkit -n '__netkit_at -p serve http' -l requests -x -d 'end when so many were answered; 0: never'
complete -c netkit -n '__netkit_at -p serve http' -l once -d 'the same as --requests 1'
complete -c netkit -n '__netkit_at -p serve http' -l for -x -d 'end after that time; 0: never'
complete -c netkit -n '__netkit_at -p serve http' -l header-timeout -x -d 'to receive a whole request header'
complete -c netkit -n '__netkit_at -p serve http' -l body-timeout -x -d 'between two parts of a request body'
complete -c netkit -n '__netkit_at -p serve http' -l keepalive-timeout -x -d 'between requests'
complete -c netkit -n '__netkit_at -p serve http' -l idle-timeout -x -d 'between requests'
complete -c netkit -n '__netkit_at -p serve http' -l send-timeout -x -d 'while a client takes nothing'
complete -c netkit -n '__netkit_at -p serve http' -l keepalive-requests -x -d 'requests on a connection; 0: no limit'
complete -c netkit -n '__netkit_at -p serve http' -l max-target -x -d 'bytes of a request target, else 414'
complete -c netkit -n '__netkit_at -p serve http' -l max-header -x -d 'bytes of a request header, else 431'
complete -c netkit -n '__netkit_at -p serve http' -l max-body -x -d 'bytes of a request body, else 413'
complete -c netkit -n '__netkit_at -p serve http' -l limit-rate -x -d 'bytes a second to each connection; 0: any'
complete -c netkit -n '__netkit_at -p serve http' -l access-log -rF -d 'a line for each request; \'-\' is stderr'
complete -c netkit -n '__netkit_at -p serve http' -l log-format -x -a 'common combined json' -d 'common, combined or json'
complete -c netkit -n '__netkit_at -p serve http' -l metrics -d 'figures for Prometheus at /_/metrics'
complete -c netkit -n '__netkit_at -p serve http' -l status -d 'a live page of the event loops at /_/status'
complete -c netkit -n '__netkit_at -p serve http' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve http' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve http' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve http' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve http' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve http' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve http' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve http' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve http' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve http' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve http' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve http' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve http' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve http' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve http' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve http' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve http' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve shell' -l root -x -a '(__fish_complete_directories)' -d 'the directory that nobody can leave'
complete -c netkit -n '__netkit_at -p serve shell' -l start -x -a '(__fish_complete_directories)' -d 'where sessions begin'
complete -c netkit -n '__netkit_at -p serve shell' -l token-file -rF -d 'ask for the token in its first line'
complete -c netkit -n '__netkit_at -p serve shell' -l log -rF -d 'write who does what, and when'
complete -c netkit -n '__netkit_at -p serve shell' -l compat -d 'speak the raw form, without lines or status'
complete -c netkit -n '__netkit_at -p serve shell' -l max-line -x -d 'bytes of a request'
complete -c netkit -n '__netkit_at -p serve shell' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve shell' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve shell' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve shell' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve shell' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p serve shell' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve shell' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve shell' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve shell' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve shell' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve shell' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve shell' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve shell' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve shell' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve shell' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve shell' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve shell' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve shell' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p serve keepalive' -l delay -x -d 'hold each answer back'
complete -c netkit -n '__netkit_at -p serve keepalive' -l drop -x -d 'do not answer so many of a hundred'
complete -c netkit -n '__netkit_at -p serve keepalive' -l seed -x -d 'drop the same ones each time'
complete -c netkit -n '__netkit_at -p serve keepalive' -l freeze-after -x -d 'fall silent after N answers to a client'
complete -c netkit -n '__netkit_at -p serve keepalive' -l rst-after -x -d 'reset a connection after N answers'
complete -c netkit -n '__netkit_at -p serve keepalive' -l compat -d 'answer as the first server did: PONG in host order'
complete -c netkit -n '__netkit_at -p serve keepalive' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p serve keepalive' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p serve keepalive' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p serve keepalive' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p serve keepalive' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p serve keepalive' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p serve keepalive' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p serve keepalive' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p serve keepalive' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p serve keepalive' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p serve keepalive' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p serve keepalive' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p serve keepalive' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p serve keepalive' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p serve keepalive' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p serve keepalive' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p serve keepalive' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p serve keepalive' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p shell client' -l execute -s e -x -d 'do these, with \';\' between them, and end'
complete -c netkit -n '__netkit_at -p shell client' -l fail-fast -d 'end with the first request that fails'
complete -c netkit -n '__netkit_at -p shell client' -l token-file -rF -d 'give the token in its first line'
complete -c netkit -n '__netkit_at -p shell client' -l reconnect -d 'come back when the connection is lost'
complete -c netkit -n '__netkit_at -p shell client' -l edit -d 'edit lines on a terminal'
complete -c netkit -n '__netkit_at -p shell client' -l no-edit -d 'do not edit lines on a terminal'
complete -c netkit -n '__netkit_at -p shell client' -l compat -d 'speak the raw form, without lines or status'
complete -c netkit -n '__netkit_at -p shell client' -l ipv4 -s 4 -d 'use IPv4 only'
complete -c netkit -n '__netkit_at -p shell client' -l ipv6 -s 6 -d 'use IPv6 only'
complete -c netkit -n '__netkit_at -p shell client' -l connect-timeout -s w -x -d 'until the server has greeted (status 5)'
complete -c netkit -n '__netkit_at -p shell client' -l idle-timeout -x -d 'for an answer to go on (status 5)'
complete -c netkit -n '__netkit_at -p shell client' -l settle -x -d 'compat: the silence that ends an answer'
complete -c netkit -n '__netkit_at -p shell client' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p shell client' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p shell client' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p shell client' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p shell server' -l root -x -a '(__fish_complete_directories)' -d 'the directory that nobody can leave'
complete -c netkit -n '__netkit_at -p shell server' -l start -x -a '(__fish_complete_directories)' -d 'where sessions begin'
complete -c netkit -n '__netkit_at -p shell server' -l token-file -rF -d 'ask for the token in its first line'
complete -c netkit -n '__netkit_at -p shell server' -l log -rF -d 'write who does what, and when'
complete -c netkit -n '__netkit_at -p shell server' -l compat -d 'speak the raw form, without lines or status'
complete -c netkit -n '__netkit_at -p shell server' -l max-line -x -d 'bytes of a request'
complete -c netkit -n '__netkit_at -p shell server' -l public -d 'listen on every interface, not only this machine'
complete -c netkit -n '__netkit_at -p shell server' -l backlog -x -d 'clients waiting to be accepted'
complete -c netkit -n '__netkit_at -p shell server' -l reuseport -d 'a listener for each thread (SO_REUSEPORT)'
complete -c netkit -n '__netkit_at -p shell server' -l ready-fd -x -d 'write the bound addresses to this descriptor'
complete -c netkit -n '__netkit_at -p shell server' -l idle-timeout -x -d 'close a silent connection'
complete -c netkit -n '__netkit_at -p shell server' -l drain -x -d 'to finish after SIGTERM or SIGINT'
complete -c netkit -n '__netkit_at -p shell server' -l max-conns -x -d 'open connections'
complete -c netkit -n '__netkit_at -p shell server' -l threads -x -d 'threads besides the main one'
complete -c netkit -n '__netkit_at -p shell server' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p shell server' -l nodelay -d 'send small pieces at once'
complete -c netkit -n '__netkit_at -p shell server' -l no-nodelay -d 'do not send small pieces at once'
complete -c netkit -n '__netkit_at -p shell server' -l busy-poll -x -d 'spin before sleeping'
complete -c netkit -n '__netkit_at -p shell server' -l allow -x -d 'serve only these: ADDRESS,NETWORK/BITS,@FILE'
complete -c netkit -n '__netkit_at -p shell server' -l deny -x -d 'do not serve these, even if allowed'
complete -c netkit -n '__netkit_at -p shell server' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p shell server' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p shell server' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p shell server' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p check http' -l path -x -d 'of a resource that exists, at best a file'
complete -c netkit -n '__netkit_at -p check http' -l row -x -d 'only the cases of this row of the table'
complete -c netkit -n '__netkit_at -p check http' -l timeout -x -d 'for each case'
complete -c netkit -n '__netkit_at -p check http' -l parallel -x -d 'cases at a time'
complete -c netkit -n '__netkit_at -p check http' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p check http' -l verbose -s v -d 'say more; twice: every connection'
complete -c netkit -n '__netkit_at -p check http' -l quiet -s q -d 'say nothing but errors'
complete -c netkit -n '__netkit_at -p check http' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p check http' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p probe tcp' -l ports -x -d 'look at these ports, as in 22,80,8000-8100'
complete -c netkit -n '__netkit_at -p probe tcp' -l ipv4 -s 4 -d 'use IPv4 only'
complete -c netkit -n '__netkit_at -p probe tcp' -l ipv6 -s 6 -d 'use IPv6 only'
complete -c netkit -n '__netkit_at -p probe tcp' -l interval -x -d 'between two probes of an address'
complete -c netkit -n '__netkit_at -p probe tcp' -l wait -s w -x -d 'for the answer to each probe'
complete -c netkit -n '__netkit_at -p probe tcp' -l count -x -d 'probes of each address'
complete -c netkit -n '__netkit_at -p probe tcp' -l until -x -a 'up down' -d 'end when all are up, or down'
complete -c netkit -n '__netkit_at -p probe tcp' -l fail-if -x -d 'exit 9 if so: \'p99>5ms\', \'loss>1%\'; repeatable'
complete -c netkit -n '__netkit_at -p probe tcp' -l live -d 'draw a picture that moves, on a terminal'
complete -c netkit -n '__netkit_at -p probe tcp' -l metrics -x -d 'serve the figures over HTTP, for Prometheus'
complete -c netkit -n '__netkit_at -p probe tcp' -l timeout -x -d 'for everything: then end (--until: status 5)'
complete -c netkit -n '__netkit_at -p probe tcp' -l quiet -s q -d 'print the summary and nothing else'
complete -c netkit -n '__netkit_at -p probe tcp' -l verbose -s v -d 'also say when probes are sent, and how late'
complete -c netkit -n '__netkit_at -p probe tcp' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p probe tcp' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p probe tcp' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p probe udp' -l data -x -d 'what each datagram holds'
complete -c netkit -n '__netkit_at -p probe udp' -l hex -d '--data is in hexadecimal: 0a1b2c'
complete -c netkit -n '__netkit_at -p probe udp' -l ipv4 -s 4 -d 'use IPv4 only'
complete -c netkit -n '__netkit_at -p probe udp' -l ipv6 -s 6 -d 'use IPv6 only'
complete -c netkit -n '__netkit_at -p probe udp' -l interval -x -d 'between two probes of an address'
complete -c netkit -n '__netkit_at -p probe udp' -l wait -s w -x -d 'for the answer to each probe'
complete -c netkit -n '__netkit_at -p probe udp' -l count -x -d 'probes of each address'
complete -c netkit -n '__netkit_at -p probe udp' -l until -x -a 'up down' -d 'end when all are up, or down'
complete -c netkit -n '__netkit_at -p probe udp' -l fail-if -x -d 'exit 9 if so: \'p99>5ms\', \'loss>1%\'; repeatable'
complete -c netkit -n '__netkit_at -p probe udp' -l live -d 'draw a picture that moves, on a terminal'
complete -c netkit -n '__netkit_at -p probe udp' -l metrics -x -d 'serve the figures over HTTP, for Prometheus'
complete -c netkit -n '__netkit_at -p probe udp' -l timeout -x -d 'for everything: then end (--until: status 5)'
complete -c netkit -n '__netkit_at -p probe udp' -l quiet -s q -d 'print the summary and nothing else'
complete -c netkit -n '__netkit_at -p probe udp' -l verbose -s v -d 'also say when probes are sent, and how late'
complete -c netkit -n '__netkit_at -p probe udp' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p probe udp' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p probe udp' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p probe unix' -l interval -x -d 'between two probes of an address'
complete -c netkit -n '__netkit_at -p probe unix' -l wait -s w -x -d 'for the answer to each probe'
complete -c netkit -n '__netkit_at -p probe unix' -l count -x -d 'probes of each address'
complete -c netkit -n '__netkit_at -p probe unix' -l until -x -a 'up down' -d 'end when all are up, or down'
complete -c netkit -n '__netkit_at -p probe unix' -l fail-if -x -d 'exit 9 if so: \'p99>5ms\', \'loss>1%\'; repeatable'
complete -c netkit -n '__netkit_at -p probe unix' -l live -d 'draw a picture that moves, on a terminal'
complete -c netkit -n '__netkit_at -p probe unix' -l metrics -x -d 'serve the figures over HTTP, for Prometheus'
complete -c netkit -n '__netkit_at -p probe unix' -l timeout -x -d 'for everything: then end (--until: status 5)'
complete -c netkit -n '__netkit_at -p probe unix' -l quiet -s q -d 'print the summary and nothing else'
complete -c netkit -n '__netkit_at -p probe unix' -l verbose -s v -d 'also say when probes are sent, and how late'
complete -c netkit -n '__netkit_at -p probe unix' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p probe unix' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p probe unix' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p probe http' -l expect -x -d 'what counts as an answer, as in 200,300-399'
complete -c netkit -n '__netkit_at -p probe http' -l method -x -a 'GET HEAD' -d 'GET or HEAD'
complete -c netkit -n '__netkit_at -p probe http' -l ipv4 -s 4 -d 'use IPv4 only'
complete -c netkit -n '__netkit_at -p probe http' -l ipv6 -s 6 -d 'use IPv6 only'
complete -c netkit -n '__netkit_at -p probe http' -l interval -x -d 'between two probes of an address'
complete -c netkit -n '__netkit_at -p probe http' -l wait -s w -x -d 'for the answer to each probe'
complete -c netkit -n '__netkit_at -p probe http' -l count -x -d 'probes of each address'
complete -c netkit -n '__netkit_at -p probe http' -l until -x -a 'up down' -d 'end when all are up, or down'
complete -c netkit -n '__netkit_at -p probe http' -l fail-if -x -d 'exit 9 if so: \'p99>5ms\', \'loss>1%\'; repeatable'
complete -c netkit -n '__netkit_at -p probe http' -l live -d 'draw a picture that moves, on a terminal'
complete -c netkit -n '__netkit_at -p probe http' -l metrics -x -d 'serve the figures over HTTP, for Prometheus'
complete -c netkit -n '__netkit_at -p probe http' -l timeout -x -d 'for everything: then end (--until: status 5)'
complete -c netkit -n '__netkit_at -p probe http' -l quiet -s q -d 'print the summary and nothing else'
complete -c netkit -n '__netkit_at -p probe http' -l verbose -s v -d 'also say when probes are sent, and how late'
complete -c netkit -n '__netkit_at -p probe http' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p probe http' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p probe http' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p probe keepalive' -l count -x -d 'heartbeats to each address'
complete -c netkit -n '__netkit_at -p probe keepalive' -l probes -x -d 'heartbeats that may go unanswered'
complete -c netkit -n '__netkit_at -p probe keepalive' -l compat -d 'take a PONG in host order, as of the first server'
complete -c netkit -n '__netkit_at -p probe keepalive' -l kernel -d 'TCP keep-alive instead, and what the kernel sees'
complete -c netkit -n '__netkit_at -p probe keepalive' -l reconnect -d 'connect again, ever more slowly, when it is lost'
complete -c netkit -n '__netkit_at -p probe keepalive' -l time -x -d 'silence before the first heartbeat'
complete -c netkit -n '__netkit_at -p probe keepalive' -l interval -x -d 'between two heartbeats'
complete -c netkit -n '__netkit_at -p probe keepalive' -l until -x -a 'up down' -d 'end when all are up, or down'
complete -c netkit -n '__netkit_at -p probe keepalive' -l fail-if -x -d 'exit 9 if so: \'p99>5ms\', \'loss>1%\'; repeatable'
complete -c netkit -n '__netkit_at -p probe keepalive' -l live -d 'draw a picture that moves, on a terminal'
complete -c netkit -n '__netkit_at -p probe keepalive' -l metrics -x -d 'serve the figures over HTTP, for Prometheus'
complete -c netkit -n '__netkit_at -p probe keepalive' -l timeout -x -d 'for everything: then end (--until: status 5)'
complete -c netkit -n '__netkit_at -p probe keepalive' -l quiet -s q -d 'print the summary and nothing else'
complete -c netkit -n '__netkit_at -p probe keepalive' -l verbose -s v -d 'also say when probes are sent, and how late'
complete -c netkit -n '__netkit_at -p probe keepalive' -l dispatcher -x -a 'epoll poll select' -d 'epoll, poll or select'
complete -c netkit -n '__netkit_at -p probe keepalive' -l json -d 'write events as JSON, one object a line'
complete -c netkit -n '__netkit_at -p probe keepalive' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at completion' -a bash
complete -c netkit -n '__netkit_at completion' -a zsh
complete -c netkit -n '__netkit_at completion' -a fish
complete -c netkit -n '__netkit_at -p completion' -l help -s h -d 'print this help and exit'

complete -c netkit -n '__netkit_at -p help' -l help -s h -d 'print this help and exit'
