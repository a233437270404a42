import { channelLiveBench } from "./channel-live.ts";
console.log(JSON.stringify(await channelLiveBench.run((process.argv[2] ?? "small") as "small"), null, 1));
process.exit(0);
