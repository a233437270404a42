import { bytesOf, pair, simPlace, runIn } from "./worlds-testing.ts";
const there = simPlace();
const t0=performance.now(); const log=(x:string)=>console.log((performance.now()-t0).toFixed(1), (there.world.scheduler.clock.now()/1e6).toFixed(1), x);
await runIn(there, async()=>{
const { listener, asking, asked } = await pair(there);
const channel = await asking.open();
const sent = bytesOf(2_000_000);
let n=0;
const o=await asked.accept(); 
const got=(async()=>{ for await (const p of o!) { n+=p.length; }  return n;})();
await channel.write(sent.subarray(0,500_000)); log("written"); 
asking.linkDown("link 0"); log("down");
const iv=setInterval(()=>{ log(`n ${n} ev ${there.sim?.network.simulation.events} `+JSON.stringify(asking.statistics().paths.map(p=>[p.key,p.state,p.window,p.inFlight,p.delivered,p.lost])))},500);
await channel.write(sent.subarray(500_000)); log("w2"); channel.finish();
log("got "+await got);
asking.linkUp("link 0"); log("up");
await asking.close(); log("closed"); clearInterval(iv);
await listener.close(); log("lclosed");
});
